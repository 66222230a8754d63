//! A backend's failure, with Anthropic's status and kind (§6).

use serde::Serialize;

use super::reading::Report;
use crate::settings::UpstreamAuthErrors;

/// The kinds of errors of the Messages API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    InvalidRequest,
    Authentication,
    Billing,
    Permission,
    NotFound,
    Conflict,
    RequestTooLarge,
    RateLimit,
    Api,
    Timeout,
    Overloaded,
}

/// A failure of the backend, as the client sees it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BackendError {
    /// The status of Anthropic's that the kind has.
    pub status: u16,
    pub kind: ErrorKind,
    pub message: String,
    /// The prompt, or the prompt and `max_tokens` together, exceed the model's context.
    pub context_overflow: bool,
}

impl BackendError {
    /// A backend's response with a status other than 200.
    pub fn from_response(status: u16, body: &[u8], auth_errors: UpstreamAuthErrors) -> Self {
        let report = Report::of(body);
        Self::from_report(status, &report, auth_errors)
    }

    /// An error object in place of a response: with status 200, or in a stream. Its code decides the status.
    pub fn from_error_object(body: &[u8]) -> Self {
        let report = Report::of(body);
        let status = report.status().unwrap_or(502);
        let mut error = Self::from_report(status, &report, UpstreamAuthErrors::Hide);
        if report.is_silent() {
            error.message = Self::unreadable().message;
        }
        error
    }

    fn from_report(status: u16, report: &Report, auth_errors: UpstreamAuthErrors) -> Self {
        if let Some(message) = report.context_overflow() {
            let context_overflow = true;
            return Self {
                status: 400,
                kind: ErrorKind::InvalidRequest,
                message,
                context_overflow,
            };
        }
        if matches!(status, 401 | 403) && auth_errors == UpstreamAuthErrors::Hide {
            // The backend's words may repeat a part of the key.
            return Self::new(502, "the backend refused the gateway's credentials");
        }
        Self::new(status, report.message(status))
    }

    /// An error of the given backend status, mapped by the table of §6.1.
    fn new(backend_status: u16, message: impl Into<String>) -> Self {
        let (status, kind) = classify(backend_status);
        Self {
            status,
            kind,
            message: message.into(),
            context_overflow: false,
        }
    }

    /// No connection: refused, unknown name, TLS.
    pub fn unreachable() -> Self {
        Self::new(502, "the backend cannot be reached")
    }

    /// A connection that broke before there was a response to pass on.
    pub fn broken_off() -> Self {
        Self::new(502, "the backend closed the connection before it responded")
    }

    pub fn timed_out() -> Self {
        Self::new(504, "the backend did not respond in time")
    }

    /// The stream ended or broke before the response was complete.
    pub fn cut_short() -> Self {
        Self::new(502, "upstream closed the stream before finishing")
    }

    /// The backend reports that it gave up on this response.
    pub fn interrupted() -> Self {
        Self::new(502, "the backend interrupted the response")
    }

    pub fn overloaded() -> Self {
        Self::new(529, "the backend is overloaded")
    }

    /// Bytes that are no chat completion.
    pub fn unreadable() -> Self {
        Self::new(502, "the backend's response is not a chat completion")
    }

    /// The data of an error event towards an Anthropic client.
    pub fn anthropic_event(&self) -> Vec<u8> {
        let error = EventError {
            kind: self.kind.name(),
            message: &self.message,
        };
        // Structs of strings always serialise; should that ever fail, the client still gets JSON.
        serde_json::to_vec(&Event { kind: "error", error }).unwrap_or_else(|_| b"{}".to_vec())
    }
}

#[derive(Serialize)]
struct Event<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    error: EventError<'a>,
}

#[derive(Serialize)]
struct EventError<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    message: &'a str,
}

impl ErrorKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request_error",
            Self::Authentication => "authentication_error",
            Self::Billing => "billing_error",
            Self::Permission => "permission_error",
            Self::NotFound => "not_found_error",
            Self::Conflict => "conflict_error",
            Self::RequestTooLarge => "request_too_large",
            Self::RateLimit => "rate_limit_error",
            Self::Api => "api_error",
            Self::Timeout => "timeout_error",
            Self::Overloaded => "overloaded_error",
        }
    }
}

/// The client's status and kind for a backend's status (§6.1).
fn classify(backend_status: u16) -> (u16, ErrorKind) {
    match backend_status {
        400 | 422 => (400, ErrorKind::InvalidRequest),
        401 => (401, ErrorKind::Authentication),
        402 => (402, ErrorKind::Billing),
        403 => (403, ErrorKind::Permission),
        404 => (404, ErrorKind::NotFound),
        408 | 504 => (504, ErrorKind::Timeout),
        409 => (409, ErrorKind::Conflict),
        413 => (413, ErrorKind::RequestTooLarge),
        429 => (429, ErrorKind::RateLimit),
        500 => (500, ErrorKind::Api),
        503 | 529 => (529, ErrorKind::Overloaded),
        // Also redirects and refusals of the method or media type: nothing that the client could change.
        _ => (502, ErrorKind::Api),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s6_1_an_error_object_is_judged_by_its_code() {
        let kind = |body: &str| BackendError::from_error_object(body.as_bytes()).kind;
        assert_eq!(kind(r#"{"error":{"message":"x","code":404}}"#), ErrorKind::NotFound);
        assert_eq!(kind(r#"{"error":{"message":"x","code":"429"}}"#), ErrorKind::RateLimit);
        assert_eq!(
            kind(r#"{"error":{"message":"x","type":"overloaded_error"}}"#),
            ErrorKind::Overloaded
        );
        assert_eq!(
            kind(r#"{"error":{"message":"Too Many Requests"}}"#),
            ErrorKind::RateLimit
        );
        assert_eq!(
            kind(r#"{"error":{"message":"x","code":"insufficient_quota"}}"#),
            ErrorKind::Billing
        );
        assert_eq!(kind(r#"{"error":"x"}"#), ErrorKind::Api);
        // Our key was refused: the client can do nothing about it.
        assert_eq!(
            kind(r#"{"error":{"message":"x","code":"invalid_api_key"}}"#),
            ErrorKind::Api
        );
    }
}
