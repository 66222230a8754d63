//! The table of errors (docs/api.md §8): the status, type and code of each error in each dialect, and its body.

use serde_json::{Value, json};

use super::backend::{BackendError, ErrorKind};
use super::dialect::Dialect;

/// One [`Code`] in each dialect.
struct Row {
    status: u16,
    management: &'static str,
    /// `type` and `code`.
    openai: (&'static str, &'static str),
    anthropic: &'static str,
}

/// The parts of an error that its body shows in some dialect.
#[derive(Clone, Copy, Debug)]
pub struct ErrorBody<'a> {
    pub code: Code,
    pub message: &'a str,
    /// The request's field that is wrong.
    pub field: Option<&'a str>,
    /// `error.details.error_code` of Anthropic's shape, on which its SDKs act.
    pub detail: Option<&'static str>,
    pub request_id: &'a str,
}

impl ErrorBody<'_> {
    /// The error object in `dialect`, as in a response's body or as the `data` of an error event.
    pub fn render(&self, dialect: Dialect) -> Value {
        let Self {
            code,
            message,
            field,
            detail,
            request_id,
        } = *self;
        let row = code.row();
        match dialect {
            Dialect::OpenAi => {
                json!({"error": {"message": message, "type": row.openai.0, "param": field, "code": row.openai.1}})
            }
            Dialect::Anthropic => {
                let mut error = json!({"type": row.anthropic, "message": message});
                if let Some(detail) = detail {
                    error["details"] = json!({"error_code": detail});
                }
                json!({"type": "error", "error": error, "request_id": request_id})
            }
            Dialect::Management => {
                let code = row.management;
                json!({"error": {"code": code, "message": message, "field": field, "request_id": request_id}})
            }
            Dialect::OAuth => json!({"error": code.oauth(), "error_description": message}),
        }
    }
}

/// Declares each code once, with its row of the table.
macro_rules! codes {
    ($($code:ident: $status:literal, $management:literal, $openai:expr, $anthropic:expr;)+) => {
        /// The rows of the table of errors. Codes are stable; messages are for people.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code {
            $($code,)+
        }

        impl Code {
            const fn row(self) -> Row {
                match self {
                    $(Self::$code => Row {
                        status: $status,
                        management: $management,
                        openai: $openai,
                        anthropic: $anthropic,
                    },)+
                }
            }
        }
    };
}

const INVALID: &str = "invalid_request_error";
const SERVER: &str = "server_error";
const RATE: &str = "rate_limit_error";

codes! {
    Unauthorized: 401, "unauthorized", (INVALID, "invalid_api_key"), "authentication_error";
    InvalidCredentials: 401, "invalid_credentials", (INVALID, "invalid_credentials"), "authentication_error";
    PendingApproval: 403, "pending_approval", ("permission_error", "forbidden"), "permission_error";
    AccountDisabled: 403, "account_disabled", ("permission_error", "forbidden"), "permission_error";
    RegistrationDisabled: 403, "registration_disabled", ("permission_error", "forbidden"), "permission_error";
    TooManyAttempts: 429, "too_many_attempts", (RATE, "too_many_attempts"), RATE;
    SsoDisabled: 403, "sso_disabled", ("permission_error", "forbidden"), "permission_error";
    SsoFailed: 400, "sso_failed", (INVALID, "invalid_value"), INVALID;
    Forbidden: 403, "forbidden", ("permission_error", "forbidden"), "permission_error";
    NoPolicy: 403, "no_policy", ("permission_error", "no_policy"), "permission_error";
    ModelUnpriced: 403, "model_unpriced", ("permission_error", "model_unpriced"), "permission_error";
    ModelNotFound: 404, "model_not_found", (INVALID, "model_not_found"), "not_found_error";
    ModelNotSupported: 400, "invalid_value", (INVALID, "model_not_supported"), INVALID;
    NotFound: 404, "not_found", (INVALID, "not_found"), "not_found_error";
    UnknownUrl: 404, "not_found", (INVALID, "unknown_url"), "not_found_error";
    MethodNotAllowed: 405, "method_not_allowed", (INVALID, "method_not_allowed"), INVALID;
    InvalidJson: 400, "invalid_json", (INVALID, "invalid_json"), INVALID;
    InvalidValue: 400, "invalid_value", (INVALID, "invalid_value"), INVALID;
    UnsupportedParameter: 400, "unsupported_parameter", (INVALID, "unsupported_parameter"), INVALID;
    WeakPassword: 400, "weak_password", (INVALID, "invalid_value"), INVALID;
    SecretRequired: 400, "secret_required", (INVALID, "invalid_value"), INVALID;
    InvalidBaseUrl: 400, "invalid_base_url", (INVALID, "invalid_value"), INVALID;
    Conflict: 409, "conflict", (INVALID, "conflict"), INVALID;
    VersionConflict: 409, "version_conflict", (INVALID, "conflict"), INVALID;
    LastAdmin: 409, "last_admin", (INVALID, "conflict"), INVALID;
    PolicyInUse: 409, "policy_in_use", (INVALID, "conflict"), INVALID;
    TooManyKeys: 409, "too_many_keys", (INVALID, "conflict"), INVALID;
    RequestTooLarge: 413, "request_too_large", (INVALID, "request_too_large"), "request_too_large";
    UnsupportedMediaType: 415, "unsupported_media_type", (INVALID, "unsupported_media_type"), INVALID;
    RateLimitExceeded: 429, "too_many_requests", (RATE, "rate_limit_exceeded"), RATE;
    InsufficientQuota: 429, "insufficient_quota", ("insufficient_quota", "insufficient_quota"), RATE;
    ConcurrencyLimitExceeded: 429, "concurrency_limit_exceeded", (RATE, "concurrency_limit_exceeded"), RATE;
    OutsideAvailableHours: 429, "outside_available_hours", ("usage_limit_reached", "outside_available_hours"), RATE;
    UpstreamRateLimited: 429, "upstream_rate_limited", (RATE, "upstream_rate_limited"), RATE;
    UnsupportedTool: 400, "invalid_value", (INVALID, "unsupported_tool"), INVALID;
    InvalidEncryptedContent: 400, "invalid_value", (INVALID, "invalid_encrypted_content"), INVALID;
    PreviousResponseNotFound: 400, "invalid_value", (INVALID, "previous_response_not_found"), INVALID;
    WebsocketNotSupported: 426, "websocket_not_supported", (INVALID, "websocket_not_supported"), INVALID;
    UpstreamRefused: 400, "invalid_value", (INVALID, "invalid_value"), INVALID;
    ContextLengthExceeded: 400, "invalid_value", (INVALID, "context_length_exceeded"), INVALID;
    UpstreamUnpaid: 402, "upstream_unpaid", (INVALID, "upstream_unpaid"), "billing_error";
    UpstreamNotFound: 404, "not_found", (INVALID, "not_found"), "not_found_error";
    UpstreamConflict: 409, "conflict", (INVALID, "conflict"), "conflict_error";
    UpstreamTooLarge: 413, "request_too_large", (INVALID, "request_too_large"), "request_too_large";
    UpstreamError: 502, "upstream_error", (SERVER, "upstream_error"), "api_error";
    UpstreamTimeout: 504, "upstream_timeout", (SERVER, "upstream_timeout"), "timeout_error";
    UpstreamResponseTooLarge: 502, "upstream_response_too_large", (SERVER, "upstream_response_too_large"), "api_error";
    NoBackendAvailable: 503, "no_backend_available", (SERVER, "no_backend_available"), "overloaded_error";
    DependencyUnavailable: 503, "dependency_unavailable", (SERVER, "dependency_unavailable"), "api_error";
    Overloaded: 503, "overloaded", (SERVER, "overloaded"), "overloaded_error";
    InternalError: 500, "internal_error", (SERVER, "internal_error"), "api_error";
}

impl Code {
    /// The name in management responses and in the audit trail.
    pub fn name(self) -> &'static str {
        self.row().management
    }

    /// The error of a token endpoint. Those that clients act on are of its own making: what is left is a request that is
    /// wrong, or a gateway that is (RFC 6749 §4.1.2.1).
    fn oauth(self) -> &'static str {
        match self.row().status {
            500 => "server_error",
            429 | 501.. => "temporarily_unavailable",
            _ => "invalid_request",
        }
    }

    /// The name on `/v1`, which tells more of what may happen to a request: OpenAI's code.
    pub fn api_name(self) -> &'static str {
        self.row().openai.1
    }

    /// The HTTP status in `dialect`: Anthropic has one of its own for overload.
    pub fn status(self, dialect: Dialect) -> u16 {
        match (self, dialect) {
            (Self::NoBackendAvailable | Self::Overloaded, Dialect::Anthropic) => 529,
            _ => self.row().status,
        }
    }
}

impl From<&BackendError> for Code {
    fn from(error: &BackendError) -> Self {
        match error.kind {
            ErrorKind::InvalidRequest if error.context_overflow => Self::ContextLengthExceeded,
            ErrorKind::InvalidRequest => Self::UpstreamRefused,
            ErrorKind::Billing => Self::UpstreamUnpaid,
            ErrorKind::NotFound => Self::UpstreamNotFound,
            ErrorKind::Conflict => Self::UpstreamConflict,
            ErrorKind::RequestTooLarge => Self::UpstreamTooLarge,
            ErrorKind::RateLimit => Self::UpstreamRateLimited,
            ErrorKind::Timeout => Self::UpstreamTimeout,
            ErrorKind::Overloaded => Self::Overloaded,
            // Only of a backend whose judgement of the key is passed on (translation.md §6.1).
            ErrorKind::Authentication => Self::Unauthorized,
            ErrorKind::Permission => Self::Forbidden,
            ErrorKind::Api => Self::UpstreamError,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rs10_codex_waits_for_a_limit_that_has_an_end() {
        let row = Code::OutsideAvailableHours.row();
        assert_eq!((row.status, row.openai.0), (429, "usage_limit_reached"));
    }
}
