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

pub mod binaries;
mod client;
pub mod dynamo;
mod gate;
pub mod lambda;
mod loopback;
pub mod provider;

use std::path::Path;

pub use client::client;
pub use gate::Gate;

/// The folder of the whole workspace.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
