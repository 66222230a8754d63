//! The `health` function: asks every backend on a schedule, and one when administration wants to know.

use health::State;
use service::config::{self, Config};
use service::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    let config = Config::read(&config::Process)?;
    telemetry::init(&config.log);
    let state = State::connect(&config)?;
    lambda::serve_events(move |event| {
        let state = state.clone();
        async move { Ok(health::run(&state, event).await?) }
    })
    .await
}
