//! How a backend is shown who the gateway is (docs/backends.md).

mod aws;
mod azure;
mod entry;
mod header;

pub use aws::{AwsRegion, AwsService, AwsSignature};
pub use azure::{AzureCredential, AzureEntra, EntraId, EntraScope};
pub use entry::{Auth, KeyUse};
pub use header::KeyHeader;
