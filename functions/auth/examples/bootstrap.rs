//! The one-off bootstrap of an installation in the cloud: a signing key and the first administrator.
//!
//! An example and not a binary, so that it is not packaged as a function. `infra/README.md` says how to run it.

use std::process::ExitCode;

use auth::bootstrap::{self, Bootstrap, FirstAdmin};
use domain::models::Email;
use service::config::{self, Config, Environment as _, Process};
use service::resources::Resources;
use service::telemetry;

#[tokio::main(flavor = "current_thread")]
#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a person at a terminal runs this"
)]
async fn main() -> ExitCode {
    match run().await {
        Ok(Bootstrap::AlreadyDone) => println!("There is an administrator already; nothing was changed."),
        Ok(Bootstrap::Created {
            generated_password: None,
        }) => println!("The first administrator is made."),
        Ok(Bootstrap::Created {
            generated_password: Some(password),
        }) => {
            println!(
                "The first administrator is made, with the password {} (shown only now)",
                password.expose()
            );
        }
        Err(error) => {
            eprintln!("The bootstrap failed: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

async fn run() -> Result<Bootstrap, Box<dyn std::error::Error>> {
    let config = Config::read(&Process)?;
    telemetry::init(&config.log);
    let email = Process.get("ADMIN_EMAIL").ok_or("ADMIN_EMAIL is missing")?;
    let admin = FirstAdmin {
        email: Email::parse(&email)?,
        password: config::admin_password(&Process),
    };
    Ok(bootstrap::run(&Resources::connect(&config), admin, config.password_policy).await?)
}
