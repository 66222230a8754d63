//! The `health` function: asks every backend on a schedule, and one when administration wants to know.

use health::App;
use service::config::{self, Config};
use service::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    let config = Config::read(&config::Process)?;
    telemetry::init(&config.log);
    let app = App::connect(&config)?;
    lambda::serve_events(move |event| {
        let app = app.clone();
        async move { Ok(health::run(&app, event).await?) }
    })
    .await
}
