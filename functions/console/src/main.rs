//! The `console` function: the web page, streamed, since what is buffered is text and gzip is not.

use console::App;
use service::config::{self, Config};
use service::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    let config = Config::read(&config::Process)?;
    telemetry::init(&config.log);
    lambda::serve_streaming(console::edge(App::default())).await
}
