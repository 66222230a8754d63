//! The `health` function: asks every backend whether it answers, on a schedule.

use health::State;
use shared::config::{self, Config};
use shared::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    let config = Config::read(&config::Process)?;
    telemetry::init(&config.log);
    let state = State::connect(&config)?;
    lambda::serve_schedule(move || {
        let state = state.clone();
        async move { Ok(health::check_all(&state).await?) }
    })
    .await
}
