//! The `auth` function: `/api/v1/auth/*` and the own profile; and trials of single sign-on, when administration wants
//! one.

use auth::App;
use service::config::{self, Config};
use service::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    let config = Config::read(&config::Process)?;
    telemetry::init(&config.log);
    let app = App::connect(&config)?;
    let edge = auth::edge(app.clone());
    let try_sso = move |trial| {
        let app = app.clone();
        async move { Ok(auth::try_sso(&app, trial).await) }
    };
    lambda::serve_with_events(edge, try_sso).await
}
