//! The `keys` function: API keys and own usage.

use keys::App;
use service::config::{self, Config};
use service::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    let config = Config::read(&config::Process)?;
    telemetry::init(&config.log);
    lambda::serve(keys::edge(App::connect(&config))).await
}
