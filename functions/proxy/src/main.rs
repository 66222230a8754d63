//! The `proxy` function: `/v1/*`, streamed.

use proxy::App;
use service::config::{self, Config};
use service::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    let config = Config::read(&config::Process)?;
    telemetry::init(&config.log);
    lambda::serve_streaming(proxy::edge(App::connect(&config)?)).await
}
