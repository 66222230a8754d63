//! What token endpoints give: a sign-in that begins, with its first access token.

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use domain::access::access_token::MintedToken;
use domain::access::sign_in::{LivingToken, SignIn};
use domain::models::workload::Workload;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use service::http::origin::Origin;
use service::http::sign_in_object::{SignInObject, TOLD};
use service::store::SignInCreation;

use super::error::{NO_STORE, OAuthError};
use crate::app::App;

/// A successful response (RFC 6749 §5.1).
#[derive(Deserialize, Serialize)]
pub(crate) struct TokenResponse {
    pub(crate) access_token: String,
    pub(crate) token_type: Cow<'static, str>,
    /// Seconds.
    pub(crate) expires_in: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) refresh_token: Option<String>,
    /// Where the token was exchanged for another one (RFC 8693 §2.2.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    issued_token_type: Option<Cow<'static, str>>,
}

/// What the beginning of a sign-in hangs on, and what the audit trail calls it.
pub(crate) struct Beginning<'a> {
    pub(crate) action: &'static str,
    /// The rule that lets a workload in.
    pub(crate) rule: Option<&'a Workload>,
}

impl TokenResponse {
    /// Of a token that ends at `expires_at`.
    pub(crate) fn new(token: MintedToken, expires_at: Timestamp, now: Timestamp) -> Self {
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

/// Begins `sign_in` with its first token, which lives until `expires_at`. Whose owner is gone meanwhile gets none.
pub(crate) async fn begin(
    app: &App,
    origin: &Origin,
    sign_in: &SignIn,
    expires_at: Timestamp,
    beginning: Beginning<'_>,
) -> Result<TokenResponse, OAuthError> {
    let (now, token) = (app.store.clock().now(), MintedToken::generate());
    let living = LivingToken {
        digest: token.digest,
        expires_at,
    };
    let with_token = sign_in.with_token(living, now).map_err(|_| OAuthError::InvalidGrant)?;
    let audit = origin
        .audit(&sign_in.owner, beginning.action, &sign_in.id, now)
        .creating(&TOLD, &SignInObject::from(sign_in));
    match app.store.create_sign_in(&with_token, beginning.rule, &audit).await? {
        SignInCreation::Done => Ok(TokenResponse::new(token, expires_at.min(sign_in.ends_at), now)),
        SignInCreation::OwnerGone => Err(OAuthError::InvalidGrant),
    }
}
