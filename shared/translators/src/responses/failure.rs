//! The codes of a response that failed (RS8).

/// `response.error.code` of an error with this HTTP status. Codex sends a request again for the first and the last.
pub(super) fn failure_code(status: u16, is_overflow: bool) -> &'static str {
    match status {
        429 => "rate_limit_exceeded",
        _ if is_overflow => "context_length_exceeded",
        400 | 413 | 422 => "invalid_prompt",
        _ => "server_error",
    }
}
