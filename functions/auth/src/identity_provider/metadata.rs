//! The provider's metadata (`OpenID` Connect Discovery §3).

use domain::models::sso::SsoConfig;
use serde::Deserialize;

use super::error::ProviderError;

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Metadata {
    issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    pub(super) jwks_uri: String,
    pub(super) userinfo_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
    /// True if responses name their issuer (RFC 9207).
    #[serde(default)]
    pub(crate) authorization_response_iss_parameter_supported: bool,
}

impl Metadata {
    /// The metadata, if it is of the issuer that is configured.
    pub(crate) fn of(self, config: &SsoConfig) -> Result<Self, ProviderError> {
        if self.is_of(config) {
            Ok(self)
        } else {
            Err(ProviderError::Issuer)
        }
    }

    pub(super) fn is_of(&self, config: &SsoConfig) -> bool {
        self.issuer == config.issuer_url
    }

    /// True if the client secret goes into the body: the header is what every provider must accept, unless it says
    /// otherwise.
    pub(super) fn wants_secret_in_body(&self) -> bool {
        let supports = |method: &str| {
            let mut supported = self.token_endpoint_auth_methods_supported.iter();
            supported.any(|supported| supported == method)
        };
        supports("client_secret_post") && !supports("client_secret_basic")
    }
}
