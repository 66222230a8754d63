//! The `notify` function: delivers alerts, on a schedule.

use notify::App;
use service::config::{self, Config};
use service::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    let config = Config::read(&config::Process)?;
    telemetry::init(&config.log);
    let app = App::connect(&config)?;
    lambda::serve_schedule(move || {
        let app = app.clone();
        async move { Ok(notify::deliver_due(&app).await?) }
    })
    .await
}
