//! The `janitor` function: settles what nobody has settled, on a schedule.

use janitor::State;
use service::config::{self, Config};
use service::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    let config = Config::read(&config::Process)?;
    telemetry::init(&config.log);
    let state = State::connect(&config);
    lambda::serve_schedule(move || {
        let state = state.clone();
        async move { Ok(janitor::settle_overdue(&state).await?) }
    })
    .await
}
