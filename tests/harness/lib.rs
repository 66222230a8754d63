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

mod client;
mod gate;
mod loopback;
pub mod provider;

pub use client::client;
pub use gate::Gate;
