//! The `admin` function: `/api/v1/admin/*`.

use admin::State;
use service::config::{self, Config};
use service::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    let config = Config::read(&config::Process)?;
    telemetry::init(&config.log);
    lambda::serve(admin::app(State::connect(&config))).await
}
