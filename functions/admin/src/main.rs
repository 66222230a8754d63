//! The `admin` function: `/api/v1/admin/*`.

use admin::App;
use service::config::{self, Config};
use service::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    let config = Config::read(&config::Process)?;
    telemetry::init(&config.log);
    lambda::serve(admin::edge(App::connect(&config))).await
}
