//! How a backend is shown who the gateway is (docs/backends.md).

mod aws;
mod azure;
mod entry;
mod federation;
mod gcp;
mod header;
mod members;

pub use aws::{AwsRegion, AwsRole, AwsService, AwsSignature, BedrockToken, ExternalId, RoleArn};
pub use azure::{AzureCredential, AzureEntra, EntraId, EntraScope};
pub use entry::{Auth, KeyUse};
pub use federation::{AnthropicFederation, OpenAiFederation, VendorId};
pub use gcp::{GcpCredential, ServiceAccount, WorkloadProvider};
pub use header::KeyHeader;
