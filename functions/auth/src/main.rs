//! The `auth` function: `/api/v1/auth/*` and the own profile.

use auth::State;
use shared::config::{self, Config};
use shared::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    let config = Config::read(&config::Process)?;
    telemetry::init(&config.log);
    lambda::serve(auth::router(State::connect(&config))).await
}
