//! Access tokens as token endpoints give them.

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use domain::access::access_token::MintedToken;
use domain::access::sign_in::{LivingToken, SignIn, TooManyTokens};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::error::NO_STORE;

/// A successful response (RFC 6749 §5.1).
#[derive(Deserialize, Serialize)]
pub(crate) struct TokenResponse {
    pub(crate) access_token: String,
    pub(crate) token_type: Cow<'static, str>,
    /// Seconds.
    pub(crate) expires_in: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) refresh_token: Option<String>,
    /// The kind of token that an exchange has given (RFC 8693 §2.2.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    issued_token_type: Option<Cow<'static, str>>,
}

impl TokenResponse {
    /// Of a token that ends at `expires_at`.
    fn new(token: MintedToken, expires_at: Timestamp, now: Timestamp) -> Self {
        Self {
            access_token: token.secret,
            token_type: "Bearer".into(),
            expires_in: expires_at.as_second() - now.as_second(),
            refresh_token: None,
            issued_token_type: None,
        }
    }

    /// The same of a token that was exchanged.
    pub(crate) fn exchanged(self) -> Self {
        Self {
            issued_token_type: Some("urn:ietf:params:oauth:token-type:access_token".into()),
            ..self
        }
    }

    /// The same with a refresh token, where the client has one.
    pub(crate) fn with_refresh(self, refresh_token: Option<String>) -> Self {
        Self { refresh_token, ..self }
    }
}

impl IntoResponse for TokenResponse {
    fn into_response(self) -> Response {
        (NO_STORE, axum::Json(self)).into_response()
    }
}

/// The sign-in with one more access token, which lives until `expires_at` or the sign-in's end, and the response that
/// shows it.
pub(crate) fn next_token(
    sign_in: &SignIn,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<(SignIn, TokenResponse), TooManyTokens> {
    let (token, expires_at) = (MintedToken::generate(), expires_at.min(sign_in.ends_at));
    let living = LivingToken {
        digest: token.digest,
        expires_at,
    };
    let after = sign_in.with_token(living, now)?;
    Ok((after, TokenResponse::new(token, expires_at, now)))
}
