//! Reasons why a backend cannot be shown the gateway's identity.

use aws_credential_types::provider::error::CredentialsError;
use domain::access::service_account::NoServiceAccountKey;

use super::exchange::ExchangeError;
use super::sigv4::SignatureError;

/// The reason why a backend cannot be shown the identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error("the address is none of the vendor's own, and none of IDENTITY_ORIGINS")]
    NotTheVendors,
    #[error("the region is neither in `auth` nor in the address, and there is no AWS_REGION")]
    NoRegion,
    #[error("the gateway has no credentials at AWS")]
    NoAws,
    #[error("the gateway's credentials at AWS were not found")]
    NoCredentials(#[from] CredentialsError),
    #[error("the backend's key is no file of a service account")]
    NoServiceAccount(#[from] NoServiceAccountKey),
    #[error(transparent)]
    Signature(#[from] SignatureError),
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
}
