//! How a backend is shown who the gateway is (docs/backends.md).

mod entry;
mod header;

pub use entry::{Auth, KeyUse};
pub use header::KeyHeader;
