//! A backend's failure, with Anthropic's status and kind (§6).

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::clean::CleanedMessage;
use super::dialect::Dialect;
use super::reading::Report;
use super::secrets::Secrets;

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

/// What is known of a call besides the error that it came to.
#[derive(Clone, Debug, Default)]
pub struct ErrorContext {
    pub secrets: Secrets,
    /// The backend judges the client's key, not ours: its refusals pass (§6.1).
    pub passes_auth_errors: bool,
    /// The dialect, if client and backend speak the same: then error objects pass (B6.6).
    pub same_dialect: Option<Dialect>,
}

/// A failure of the backend, as the client sees it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BackendError {
    /// The status of Anthropic's that the kind has.
    pub status: u16,
    pub kind: ErrorKind,
    pub message: CleanedMessage,
    /// The prompt, or the prompt and `max_tokens` together, exceed the model's context.
    pub context_overflow: bool,
    /// Seconds until another try makes sense, where the body says so (E6).
    pub retry_after: Option<u64>,
    /// The backend's own object, cleaned, for a client of the same dialect (B6.6).
    pub object: Option<(Dialect, Box<Value>)>,
}

impl BackendError {
    /// A backend's response with a status other than 200. `error_type` is AWS's header for it (E2).
    pub fn from_response(status: u16, error_type: Option<&str>, body: &[u8], context: &ErrorContext) -> Self {
        let report = Report::of(body).with_word(error_type);
        let status = report.aws_status().unwrap_or(status);
        let mut error = Self::from_report(status, &report, context);
        // What is the operator's to mend is told in words of our own.
        if matches!(status, 401 | 402 | 404) {
            error.object = None;
        }
        error
    }

    /// An error object in place of a response: with status 200, or in a stream. Its code decides the status.
    pub fn from_error_object(body: &[u8], context: &ErrorContext) -> Self {
        Self::from_error_object_or(body, context, Self::unreadable())
    }

    /// The same; `silent` is told if the object says nothing.
    pub(crate) fn from_error_object_or(body: &[u8], context: &ErrorContext, silent: Self) -> Self {
        let report = Report::of(body);
        let status = report.status().unwrap_or(502);
        let context = ErrorContext {
            passes_auth_errors: false,
            ..context.clone()
        };
        let mut error = Self::from_report(status, &report, &context);
        if report.message(&context.secrets).is_none() && !error.context_overflow {
            error.message = silent.message;
        }
        error
    }

    /// True if `body`, which is no answer, says why.
    pub(crate) fn is_told_by(body: &[u8]) -> bool {
        Report::of(body).message(&Secrets::default()).is_some()
    }

    fn from_report(status: u16, report: &Report, context: &ErrorContext) -> Self {
        let secrets = &context.secrets;
        // Other statuses say that it is something else: a limit by the minute is not mended by a shorter prompt.
        let may_overflow = matches!(status, 400 | 413 | 422 | 500 | 502);
        if let Some(message) = report.context_overflow(secrets).filter(|_| may_overflow) {
            return Self {
                context_overflow: true,
                ..Self::new(400, message)
            };
        }
        if matches!(status, 401 | 403) && !context.passes_auth_errors {
            // The backend's words may repeat a part of the key.
            return Self::own(502, "the backend refused the gateway's credentials");
        }
        let silent = || secrets.clean(&format!("upstream returned HTTP {status}"));
        let object = context.same_dialect.and_then(|dialect| {
            let object = report.object_of(dialect, secrets)?;
            Some((dialect, Box::new(object)))
        });
        Self {
            retry_after: report.retry_after,
            object,
            ..Self::new(status, report.message(secrets).unwrap_or_else(silent))
        }
    }

    /// An error of the given backend status, mapped by the table of §6.1.
    fn new(backend_status: u16, message: CleanedMessage) -> Self {
        let (status, kind) = classify(backend_status);
        Self {
            status,
            kind,
            message,
            context_overflow: false,
            retry_after: None,
            object: None,
        }
    }

    /// The same in words of our own.
    fn own(backend_status: u16, message: &'static str) -> Self {
        Self::new(backend_status, CleanedMessage::own(message))
    }

    /// No connection: refused, unknown name, TLS.
    pub fn unreachable() -> Self {
        Self::own(502, "the backend cannot be reached")
    }

    /// A connection that broke before there was a response to pass on.
    pub fn broken_off() -> Self {
        Self::own(502, "the backend closed the connection before it responded")
    }

    pub fn timed_out() -> Self {
        Self::own(504, "the backend did not respond in time")
    }

    /// The stream ended or broke before the response was complete.
    pub fn cut_short() -> Self {
        Self::own(502, "upstream closed the stream before finishing")
    }

    /// The backend reports that it gave up on this response.
    pub fn interrupted() -> Self {
        Self::own(502, "the backend interrupted the response")
    }

    /// A summary was asked for, and what came is none (CO2).
    pub fn no_summary() -> Self {
        Self::own(502, "the backend gave no summary of the conversation")
    }

    pub fn overloaded() -> Self {
        Self::own(529, "the backend is overloaded")
    }

    /// Bytes that are no chat completion.
    pub fn unreadable() -> Self {
        Self::own(502, "the backend's response is not a chat completion")
    }

    /// The data of an error event towards an Anthropic client.
    pub fn anthropic_event(&self) -> Vec<u8> {
        let error = EventError {
            kind: self.kind.name(),
            message: self.message.as_str(),
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

/// True for the value of an `error` member that stands for an error: servers write empty ones beside content (B5.1).
pub fn says_something(error: &RawValue) -> bool {
    let compact: String = error.get().split_ascii_whitespace().take(4).collect();
    !matches!(compact.as_str(), "null" | "false" | "\"\"" | "{}" | "[]" | "0")
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
        let kind = |body: &str| BackendError::from_error_object(body.as_bytes(), &ErrorContext::default()).kind;
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
