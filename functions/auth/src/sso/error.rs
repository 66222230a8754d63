//! Why a login by single sign-on failed: the reason goes to the log and the audit trail, not to the browser.

use domain::access::id_token::TokenError;
use domain::access::sso::Refusal;
use domain::models::health::FailureClass;
use service::http::origin::Origin;
use service::http::{ApiError, Code};
use service::secrets::SecretsError;
use service::store::StoreError;

use crate::identity_provider::{ClaimsError, ProviderError};

#[derive(Debug, thiserror::Error)]
pub(crate) enum SsoError {
    #[error("single sign-on is switched off")]
    Off,
    #[error("the configuration has changed since the login began")]
    Reconfigured,
    #[error("the state is unknown, used or expired")]
    NoAttempt,
    #[error("the login was begun by another browser")]
    OtherBrowser,
    #[error("the response names another issuer, or none though the provider always does")]
    ResponseIssuer,
    #[error("the provider has sent no code")]
    NoCode,
    #[error("the one-time code is unknown, used or expired")]
    UnknownCode,
    #[error("the one-time code was made for another page")]
    OtherPage,
    #[error("the provider cannot be used: {0}")]
    Provider(#[from] ProviderError),
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("there is no policy for newcomers of the configured name")]
    NoPolicy,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// A refusal that the person may know of.
    #[error("{}", .0.message())]
    Told(ApiError),
}

impl SsoError {
    /// The error that the browser may see; the log gets the reason.
    pub(crate) fn logged(self, origin: &Origin) -> ApiError {
        tracing::warn!(request.id = %origin.request_id, reason = %self, "single sign-on refused");
        self.into()
    }
}

impl From<ClaimsError> for SsoError {
    fn from(error: ClaimsError) -> Self {
        match error {
            ClaimsError::Provider(error) => error.into(),
            ClaimsError::Token(error) => error.into(),
        }
    }
}

impl From<SsoError> for ApiError {
    fn from(error: SsoError) -> Self {
        match error {
            SsoError::Off => Self::new(Code::SsoDisabled, "single sign-on is switched off"),
            SsoError::Store(error) => error.into(),
            SsoError::Secrets(error) => error.into(),
            SsoError::Told(error) => error,
            SsoError::Provider(error) => unusable(error),
            SsoError::Reconfigured
            | SsoError::NoAttempt
            | SsoError::OtherBrowser
            | SsoError::ResponseIssuer
            | SsoError::NoCode
            | SsoError::UnknownCode
            | SsoError::OtherPage
            | SsoError::Token(_)
            | SsoError::Refused(_)
            | SsoError::NoPolicy => failed(),
        }
    }
}

/// 503 for a provider that is down for a while, 502 for one whose responses are wrong (promise 35, §14).
fn unusable(error: ProviderError) -> ApiError {
    match error {
        ProviderError::Grant => failed(),
        ProviderError::NoResponse(FailureClass::ForbiddenAddress)
        | ProviderError::Malformed
        | ProviderError::Issuer
        | ProviderError::Client => {
            ApiError::new(Code::UpstreamError, "the identity provider cannot be used").source(error)
        }
        ProviderError::Status(status) if status < 500 => {
            ApiError::new(Code::UpstreamError, "the identity provider cannot be used").source(error)
        }
        ProviderError::NoResponse(_) | ProviderError::Status(_) => ApiError::new(
            Code::DependencyUnavailable,
            "the identity provider cannot be reached at the moment",
        )
        .source(error),
    }
}

/// The one response to whatever else was wrong.
fn failed() -> ApiError {
    ApiError::new(Code::SsoFailed, "the login was not completed; begin it again")
}
