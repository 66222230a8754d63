//! The refusals of token endpoints (RFC 6749 §5.2, RFC 8628 §3.5).
//!
//! All are 400, also those of a credential: Codex asks its person anew after 400, and is stuck after 401 until a file
//! is deleted by hand.

use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::json;
use service::http::ApiError;
use service::store::StoreError;

/// The header of responses with tokens, and of all others of these endpoints (RFC 6749 §5.1).
pub(super) const NO_STORE: [(HeaderName, HeaderValue); 1] = [(CACHE_CONTROL, HeaderValue::from_static("no-store"))];

/// A refusal to give a token.
#[derive(Debug)]
pub(crate) enum OAuthError {
    /// The request is not well formed, as the text says.
    InvalidRequest(&'static str),
    /// The credential that was shown opens nothing. The client is told no more (promise 108).
    InvalidGrant,
    /// The client may not use the grant.
    UnauthorizedClient,
    UnsupportedGrantType,
    AuthorizationPending,
    SlowDown,
    AccessDenied,
    ExpiredToken,
    /// The gateway cannot judge at the moment, which is never the grant's fault.
    Failed(ApiError),
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let (error, description) = match self {
            Self::Failed(failure) => return failure.into_response(),
            Self::InvalidRequest(what) => ("invalid_request", what),
            Self::InvalidGrant => (
                "invalid_grant",
                "the grant is unknown, used, expired or somebody else's",
            ),
            Self::UnauthorizedClient => ("unauthorized_client", "the client may not use this grant"),
            Self::UnsupportedGrantType => ("unsupported_grant_type", "this grant type is not offered"),
            Self::AuthorizationPending => ("authorization_pending", "nobody has approved it yet"),
            Self::SlowDown => ("slow_down", "wait five seconds longer between two requests"),
            Self::AccessDenied => ("access_denied", "it was refused"),
            Self::ExpiredToken => ("expired_token", "the code has expired"),
        };
        let body = axum::Json(json!({"error": error, "error_description": description}));
        (StatusCode::BAD_REQUEST, NO_STORE, body).into_response()
    }
}

impl From<ApiError> for OAuthError {
    fn from(failure: ApiError) -> Self {
        Self::Failed(failure)
    }
}

impl From<StoreError> for OAuthError {
    fn from(failure: StoreError) -> Self {
        Self::Failed(failure.into())
    }
}
