//! The commands as they are written on the command line.

use std::process::ExitCode;

use clap::Args;
use domain::clock::Clock;
use service::outbound::Authorities;

use crate::error::HelperError;
use crate::gateway::GatewayUrl;
use crate::http::Http;
use crate::kept::Folder;
use crate::which::{Client, Which};
use crate::{login, setup, terminal, token};

/// `tidegate login`: signs you in at a gateway, in your browser.
#[derive(Debug, Args)]
pub struct Login {
    /// The gateway: `https://gateway.example`.
    url: GatewayUrl,
    /// Shows a code to type on any device, although there is a browser here.
    #[arg(long)]
    device: bool,
    /// The program that the sign-in is for.
    #[arg(long, value_enum, default_value = "tidegate")]
    client: Client,
    #[command(flatten)]
    trust: Trust,
}

/// `tidegate token`: prints an access token and nothing else. Never asks.
#[derive(Debug, Args)]
pub struct Token {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    trust: Trust,
}

/// `tidegate logout`: ends the sign-in, here and at the gateway.
#[derive(Debug, Args)]
pub struct Logout {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    trust: Trust,
}

/// `tidegate setup`: has a program use the gateway, after showing what will be written.
#[derive(Debug, Args)]
pub struct Setup {
    #[arg(value_enum)]
    program: setup::Program,
    /// The gateway; by default that of your last login.
    #[arg(long)]
    gateway: Option<GatewayUrl>,
    /// Writes without asking.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    trust: Trust,
}

#[derive(Debug, Args)]
struct Trust {
    /// Certificate authorities that the gateway may have besides the public ones and the system's: a PEM file.
    #[arg(long, env = "TIDEGATE_CA_CERTS", value_name = "FILE", default_value = "")]
    ca: Authorities,
}

impl Login {
    pub async fn run(self) -> ExitCode {
        told(self.log_in().await)
    }

    async fn log_in(self) -> Result<(), HelperError> {
        let way = if self.device {
            login::Way::Device
        } else {
            login::Way::BrowserIfAny
        };
        let http = Http::new(&self.trust.ca)?;
        login::run(&http, &Folder::of_user()?, &self.url, self.client.into(), way).await
    }
}

impl Token {
    pub async fn run(self) -> ExitCode {
        told(self.print().await)
    }

    async fn print(self) -> Result<(), HelperError> {
        // Before the lock is waited for: what another process has fetched meanwhile is new for this one.
        let began = Clock::system().now();
        let (http, folder) = (Http::new(&self.trust.ca)?, Folder::of_user()?);
        let token = token::current(&http, &folder, &self.which, began).await?;
        terminal::print_token(&token);
        Ok(())
    }
}

impl Logout {
    pub async fn run(self) -> ExitCode {
        told(self.log_out().await)
    }

    async fn log_out(self) -> Result<(), HelperError> {
        token::end(&Http::new(&self.trust.ca)?, &Folder::of_user()?, &self.which).await
    }
}

impl Setup {
    pub async fn run(self) -> ExitCode {
        told(self.set_up().await)
    }

    async fn set_up(self) -> Result<(), HelperError> {
        let gateway = match self.gateway {
            Some(gateway) => gateway,
            None => Folder::of_user()?.read()?.last_gateway()?,
        };
        setup::run(&Http::new(&self.trust.ca)?, self.program, &gateway, self.yes).await
    }
}

/// 0, or 1 with the reason on the terminal.
fn told(outcome: Result<(), HelperError>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::tell_error(&error);
            ExitCode::FAILURE
        }
    }
}
