//! The `auth` function: `/api/v1/auth/*` and the own profile; and trials of single sign-on, when administration wants one.

use auth::State;
use service::config::{self, Config};
use service::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    let config = Config::read(&config::Process)?;
    telemetry::init(&config.log);
    let state = State::connect(&config)?;
    let app = auth::app(state.clone());
    let try_out = move |trial| {
        let state = state.clone();
        async move { Ok(auth::try_out(&state, trial).await) }
    };
    lambda::serve_with_events(app, try_out).await
}
