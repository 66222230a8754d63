//! A response that failed: the backend's error in it, and the code that its client gets (RS8).

use crate::error::{BackendError, ErrorContext};
use crate::json::Raw;

/// The backend's error, of a response with this member `error`.
pub(super) fn backend_error(error: Raw<'_>, errors: &ErrorContext) -> BackendError {
    let Some(error) = error else {
        return BackendError::interrupted();
    };
    let object = format!("{{\"error\":{}}}", error.get());
    BackendError::from_error_object_or(object.as_bytes(), errors, BackendError::interrupted())
}

/// `response.error.code` of an error with this HTTP status. Codex sends a request again for the first and the last.
pub(super) fn failure_code(status: u16, is_overflow: bool) -> &'static str {
    match status {
        429 => "rate_limit_exceeded",
        _ if is_overflow => "context_length_exceeded",
        400 | 413 | 422 => "invalid_prompt",
        _ => "server_error",
    }
}
