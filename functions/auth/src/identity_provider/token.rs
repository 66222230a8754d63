//! The redemption of a code at the token endpoint (RFC 6749 §4.1.3).

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::models::sso::SsoConfig;
use domain::secret::Secret;
use http::StatusCode;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Builder;
use serde::Deserialize;
use url::form_urlencoded::{Serializer, byte_serialize};

use super::error::ProviderError;
use super::metadata::Metadata;

/// A code and what is needed to redeem it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Redemption<'a> {
    pub(crate) config: &'a SsoConfig,
    pub(crate) secret: Option<&'a Secret>,
    pub(crate) code: &'a str,
    pub(crate) verifier: &'a str,
}

/// The tokens that a code is redeemed for.
#[derive(Deserialize)]
pub(crate) struct TokenResponse {
    pub(crate) id_token: String,
    pub(super) access_token: Option<String>,
}

impl Redemption<'_> {
    /// `request` with the headers of the redemption, and its form.
    pub(super) fn request(&self, metadata: &Metadata, request: Builder) -> (Builder, String) {
        let client_id = self.config.client_id.as_str();
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", self.code)
            .append_pair("redirect_uri", &self.config.redirect_url)
            .append_pair("code_verifier", self.verifier);
        let request = match self.secret {
            Some(secret) if metadata.wants_secret_in_body() => {
                form.append_pair("client_id", client_id)
                    .append_pair("client_secret", secret.expose());
                request
            }
            // Encoded before it is joined (RFC 6749 §2.3.1).
            Some(secret) => {
                let pair = format!("{}:{}", encoded(client_id), encoded(secret.expose()));
                request.header(AUTHORIZATION, format!("Basic {}", BASE64_STANDARD.encode(pair)))
            }
            None => {
                form.append_pair("client_id", client_id);
                request
            }
        };
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        (request, form.finish())
    }
}

fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

/// The error of a token endpoint that refuses the code, the client, or the request (RFC 6749 §5.2).
pub(super) fn refusal(status: StatusCode, body: &[u8]) -> ProviderError {
    #[derive(Deserialize)]
    struct ErrorResponse {
        error: String,
    }
    let error = serde_json::from_slice(body)
        .map(|response: ErrorResponse| response.error)
        .unwrap_or_default();
    match error.as_str() {
        "invalid_grant" if status.is_client_error() => ProviderError::Grant,
        "invalid_client" | "unauthorized_client" => ProviderError::Client,
        _ if status == StatusCode::UNAUTHORIZED => ProviderError::Client,
        _ => ProviderError::Status(status.as_u16()),
    }
}
