//! One error type at the edge, rendered in the dialect of the route that was called (docs/api.md §8).

use std::borrow::Cow;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Map, Value};

pub use translators::error::{Code, Dialect};

use super::backend_object::BackendObject;
use super::language::Language;
use super::messages::{self, Told};
use domain::models::RequestId;
use translators::error::RequestError;
use translators::error::{BackendError, ErrorBody};

/// A refusal or a failure, with what the caller may know of it and what only the log may.
#[derive(Clone, Debug)]
pub struct ApiError {
    code: Code,
    /// In which the edge renders it.
    dialect: Dialect,
    message: Cow<'static, str>,
    field: Option<String>,
    retry_after_seconds: Option<u64>,
    hints: Option<Box<Hints>>,
    /// `error.details.error_code` of Anthropic's shape, which its SDKs act on.
    detail: Option<&'static str>,
    /// A backend's own error object, for clients of its dialect (B6.6).
    object: Option<Box<BackendObject>>,
    /// For the log only.
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// What clients act on beside the status. In a box, so that results stay small.
#[derive(Clone, Debug, Default)]
struct Hints {
    /// What a backend said of another try, for the SDKs that obey it, and how far limits are used.
    headers: HeaderMap,
    /// Members beside those that every error has.
    members: Map<String, Value>,
}

impl ApiError {
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            dialect: Dialect::Management,
            message: bounded(message.into(), MAX_MESSAGE),
            field: None,
            retry_after_seconds: None,
            hints: None,
            detail: None,
            object: None,
            source: None,
        }
    }

    /// A value that is not allowed, and the field that holds it.
    pub fn invalid(field: impl Into<String>, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::InvalidValue, message).field(field)
    }

    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("there is no such {what}"))
    }

    pub fn unauthorized() -> Self {
        Self::new(Code::Unauthorized, "the credential is missing, wrong or expired")
    }

    pub fn forbidden() -> Self {
        Self::new(Code::Forbidden, "this needs rights that the caller does not have")
    }

    pub fn internal(source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::new(Code::InternalError, "something went wrong on our side").source(source)
    }

    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(bounded(field.into().into(), MAX_NAME).into_owned());
        self
    }

    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// The same error with the sooner of both times to retry (promise 52).
    #[must_use]
    pub fn or_sooner(mut self, other: Option<&Self>) -> Self {
        let times = [
            self.retry_after_seconds,
            other.and_then(|other| other.retry_after_seconds),
        ];
        self.retry_after_seconds = times.into_iter().flatten().min();
        self
    }

    /// Headers about another try besides `Retry-After` (translation.md §6.3).
    #[must_use]
    pub fn hints(mut self, headers: HeaderMap) -> Self {
        self.hints.get_or_insert_default().headers.extend(headers);
        self
    }

    /// The same error with further members.
    #[must_use]
    pub fn members(mut self, members: Map<String, Value>) -> Self {
        self.hints.get_or_insert_default().members.extend(members);
        self
    }

    #[must_use]
    pub fn source(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// The message for people.
    pub fn message(&self) -> &str {
        &self.message
    }

    pub fn field_name(&self) -> Option<&str> {
        self.field.as_deref()
    }

    pub fn code(&self) -> Code {
        self.code
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Every error that leaves through a route gets the route's dialect.
    pub(super) fn set_dialect(&mut self, dialect: Dialect) {
        self.dialect = dialect;
    }

    /// The HTTP status in `dialect`: Anthropic has one of its own for overload.
    pub fn status(&self, dialect: Dialect) -> StatusCode {
        StatusCode::from_u16(self.code.status(dialect)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Seconds until a retry makes sense; 429 and 503 always have some.
    pub fn retry_after_seconds(&self) -> Option<u64> {
        let default = match self.code.status(Dialect::OpenAi) {
            503 if self.code == Code::NoBackendAvailable => Some(5),
            503 => Some(2),
            429 => Some(1),
            _ => None,
        };
        self.retry_after_seconds.or(default)
    }

    /// Seconds until a retry makes sense, where the error has its own.
    pub fn explicit_retry_after(&self) -> Option<u64> {
        self.retry_after_seconds
    }

    /// Headers about another try besides `Retry-After`.
    pub fn hint_headers(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.hints.iter().flat_map(|hints| hints.headers.iter())
    }

    /// The message in `language`, with its code and its figures.
    pub fn told(&self, language: Language) -> Told {
        messages::tell(&self.message, language)
    }

    /// The error object of `/api/v1`.
    pub(super) fn management_body(&self, language: Language, request_id: &RequestId) -> Value {
        let told = self.told(language);
        let mut body = ErrorBody {
            code: self.code,
            message: &told.text,
            field: self.field.as_deref(),
            detail: None,
            request_id: request_id.as_str(),
        }
        .render(Dialect::Management);
        if let (Some(error), Some(code)) = (body["error"].as_object_mut(), told.code) {
            error.insert("message_code".to_owned(), Value::from(code));
            error.insert("params".to_owned(), serde_json::json!(told.params));
        }
        body
    }

    /// The error object in `dialect`, as in a response's body or as the `data` of an error event.
    pub fn body(&self, dialect: Dialect, request_id: &RequestId) -> Value {
        if dialect == Dialect::Management {
            return self.management_body(Language::English, request_id);
        }
        let own = self.object.as_ref();
        if let Some(object) = own.and_then(|object| object.for_clients_of(dialect, request_id)) {
            return object;
        }
        let field = self.field.as_deref();
        let (code, message, detail) = (self.code, &*self.message, self.detail);
        let body = ErrorBody {
            code,
            message,
            field,
            detail,
            request_id: request_id.as_str(),
        };
        self.with_members(body.render(dialect))
    }

    /// `body` with the members that this error has beside others.
    fn with_members(&self, mut body: Value) -> Value {
        let error = body.get_mut("error").and_then(Value::as_object_mut);
        if let (Some(error), Some(hints)) = (error, &self.hints) {
            error.extend(hints.members.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        body
    }

    /// What went wrong inside, as one line for the log: the sources' messages, outermost first.
    pub fn cause(&self) -> Option<String> {
        let mut next: Option<&dyn std::error::Error> = Some(self.source.as_deref()?);
        let mut messages = Vec::new();
        while let Some(error) = next {
            messages.push(error.to_string());
            next = error.source();
        }
        Some(messages.join(": "))
    }
}

/// Characters of a message, and of a name in it: both may hold what a client or a backend has sent.
const MAX_MESSAGE: usize = 500;
const MAX_NAME: usize = 128;

/// A name that somebody else has chosen, as messages repeat it.
pub fn shown(name: &str) -> Cow<'_, str> {
    bounded(name.into(), MAX_NAME)
}

/// The text, or its beginning.
fn bounded(text: Cow<'_, str>, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text,
    }
}

/// The edge renders the error: the route says in which dialect, and the edge knows the request id.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status(Dialect::Management).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<RequestError> for ApiError {
    fn from(error: RequestError) -> Self {
        let mut refusal = Self::new(error.code, error.message).field(error.path);
        refusal.detail = error.error_code;
        refusal
    }
}

impl From<BackendError> for ApiError {
    fn from(error: BackendError) -> Self {
        Self {
            object: error
                .object
                .as_ref()
                .map(|(of, object)| Box::new(BackendObject(*of, object.clone()))),
            retry_after_seconds: error.retry_after,
            ..Self::new(Code::from(&error), error.message.into_text())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_dialect_has_its_shape() {
        let id = RequestId::parse("req_1").unwrap();
        let error = ApiError::invalid("model", "must be a string");
        assert_eq!(
            error.body(Dialect::OpenAi, &id),
            json!({"error": {"message": "must be a string", "type": "invalid_request_error", "param": "model", "code": "invalid_value"}})
        );
        assert_eq!(
            error.body(Dialect::Anthropic, &id),
            json!({"type": "error", "error": {"type": "invalid_request_error", "message": "must be a string"}, "request_id": "req_1"})
        );
        assert_eq!(
            error.body(Dialect::Management, &id),
            json!({"error": {"code": "invalid_value", "message": "must be a string", "message_code": "must_be_string",
                "params": {}, "field": "model", "request_id": "req_1"}})
        );
    }

    #[test]
    fn overload_is_529_for_anthropic_clients_and_always_says_when_to_return() {
        let error = ApiError::new(Code::NoBackendAvailable, "none");
        assert_eq!(error.status(Dialect::Anthropic).as_u16(), 529);
        assert_eq!(error.status(Dialect::OpenAi).as_u16(), 503);
        assert_eq!(error.retry_after_seconds(), Some(5));
        assert_eq!(
            ApiError::new(Code::RateLimitExceeded, "full")
                .retry_after(7)
                .retry_after_seconds(),
            Some(7)
        );
    }

    #[test]
    fn p66_ha18_messages_and_names_are_bounded() {
        let long = "名".repeat(10_000);
        let error = ApiError::invalid(long.clone(), format!("there is no {long}"));
        assert_eq!(
            (
                error.message().chars().count(),
                error.field_name().unwrap().chars().count()
            ),
            (501, 129)
        );
        assert_eq!(shown(&long).chars().count(), 129);
        assert_eq!(shown("short"), "short");
    }

    #[test]
    fn p24_a_cause_is_for_the_log_alone() {
        let error = ApiError::internal(std::io::Error::other("/secret/path"));
        assert_eq!(error.cause().as_deref(), Some("/secret/path"));
        assert!(
            !error
                .body(Dialect::Management, &RequestId::generate())
                .to_string()
                .contains("secret")
        );
    }
}
