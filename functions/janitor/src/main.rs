//! The `janitor` function: settles what nobody has settled, on a schedule.

use janitor::App;
use service::config::{self, Config};
use service::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    let config = Config::read(&config::Process)?;
    telemetry::init(&config.log);
    let app = App::connect(&config);
    lambda::serve_schedule(move || {
        let app = app.clone();
        async move { Ok(janitor::settle_overdue(&app).await?) }
    })
    .await
}
