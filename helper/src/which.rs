//! The choice of the sign-in that a command is about.

use clap::{Args, ValueEnum};
use domain::access::sign_in::ClientId;

use crate::gateway::GatewayUrl;

/// One of the sign-ins that are kept here.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// The gateway; by default that of your last login.
    #[arg(long)]
    pub(crate) gateway: Option<GatewayUrl>,
    /// The program that the sign-in was for.
    #[arg(long, value_enum, default_value = "tidegate")]
    pub(crate) client: Client,
}

/// The programs that a login here can be for: Codex signs in by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Client {
    Tidegate,
    Opencode,
}

impl From<Client> for ClientId {
    fn from(client: Client) -> Self {
        match client {
            Client::Tidegate => Self::Tidegate,
            Client::Opencode => Self::Opencode,
        }
    }
}
