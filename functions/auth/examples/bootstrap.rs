//! The one-off bootstrap of an installation in the cloud: a signing key and the first administrator. With
//! `RESET_ADMIN=true`, a new password for an administrator.
//!
//! An example and not a binary, so that it is not packaged as a function. `infra/README.md` says how to run it.

use std::process::ExitCode;

use auth::bootstrap::{self, Bootstrap, FirstAdmin};
use domain::access::password::PasswordPolicy;
use domain::models::Email;
use domain::secret::Secret;
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
        Ok(told) => println!("{told}"),
        Err(error) => {
            eprintln!("The bootstrap failed: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// The message to the person at the terminal.
async fn run() -> Result<String, Box<dyn std::error::Error>> {
    let config = Config::read(&Process)?;
    telemetry::init(&config.log);
    let email = Process.get("ADMIN_EMAIL").ok_or("ADMIN_EMAIL is missing")?;
    let admin = FirstAdmin {
        email: Email::parse(&email)?,
        password: config::admin_password(&Process),
    };
    let resources = Resources::connect(&config);
    if Process.get("RESET_ADMIN").as_deref() == Some("true") {
        return reset(&resources, admin, config.password_policy).await;
    }
    Ok(match bootstrap::run(&resources, admin, config.password_policy).await? {
        Bootstrap::AlreadyDone => "There is an administrator already; nothing was changed.".to_owned(),
        Bootstrap::Created { generated_password } => {
            told("The first administrator is made, with a password", generated_password)
        }
    })
}

async fn reset(
    resources: &Resources,
    admin: FirstAdmin,
    policy: PasswordPolicy,
) -> Result<String, Box<dyn std::error::Error>> {
    let reset = bootstrap::reset_admin(resources, admin, policy).await?;
    let reset = reset.ok_or("there is no administrator yet: run it without RESET_ADMIN")?;
    let done = format!("The administrator {} has a new password", reset.email);
    Ok(told(&done, reset.generated_password))
}

fn told(done: &str, generated_password: Option<Secret>) -> String {
    match generated_password {
        Some(password) => format!("{done}: {} (shown only now)", password.expose()),
        None => format!("{done}: the one of ADMIN_PASSWORD"),
    }
}
