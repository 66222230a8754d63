//! Why the provider cannot be used, or its claims are not accepted.

use domain::access::id_token::TokenError;
use domain::models::health::FailureClass;

/// Why the provider could not be used, as coarsely as anybody may be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProviderError {
    #[error("{}", .0.name())]
    NoResponse(FailureClass),
    #[error("status {0}")]
    Status(u16),
    #[error("malformed")]
    Malformed,
    /// It calls itself another issuer than the configured one.
    #[error("issuer")]
    Issuer,
    /// It refuses our client.
    #[error("client")]
    Client,
    /// It refuses the code.
    #[error("code")]
    Grant,
}

/// Why there are no claims that can be believed.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(crate) enum ClaimsError {
    #[error(transparent)]
    Provider(#[from] ProviderError),
    #[error(transparent)]
    Token(#[from] TokenError),
}
