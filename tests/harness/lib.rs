//! What the end-to-end tests stand on: everything around the gateway that is not ours, played on loopback.
//!
//! Nothing here sleeps: what must wait waits for a notification ([`Gate`], [`provider::Provider::request`]).

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a harness that cannot go on fails its test"
)]

pub mod bedrock;
pub mod binaries;
pub mod client;
pub mod dynamo;
pub mod events;
mod gate;
mod gateway;
pub mod identity_provider;
pub mod killing;
pub mod lambda;
mod loopback;
pub mod process;
pub mod provider;
pub mod routes;
mod stack;
pub mod sts;
pub mod tls;

use std::path::Path;

pub use gate::Gate;
pub use gateway::Gateway;
pub use stack::Stack;

/// The first administrator of [`Gateway`] and [`Stack`].
pub const ADMIN_EMAIL: &str = "admin@example.com";
pub const ADMIN_PASSWORD: &str = "correct horse battery staple";

/// The folder of the whole workspace.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
