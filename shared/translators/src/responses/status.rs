//! How a response ended, from chat's finish reason (RA6), and the codes of one that failed (RS8).

use crate::chat::finish_reason::FinishReason;
use crate::chat::tool_calls::CallsState;
use crate::error::{BackendError, ErrorKind};
use crate::usage::Usage;

use super::failure::failure_code;
use super::lifecycle::Lifecycle;
use super::wire::response::ResponseObject;

/// The end of a response that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Completed,
    /// Cut, for this reason.
    Incomplete(&'static str),
}

impl Status {
    /// The status that a finish reason means. One that is no end is the backend's error.
    pub(crate) fn of(finish_reason: Option<&str>, calls: CallsState) -> Result<Self, BackendError> {
        match FinishReason::of(finish_reason.unwrap_or_default()) {
            FinishReason::Failed => Err(BackendError::interrupted()),
            FinishReason::Cut | FinishReason::WindowExceeded => Ok(Self::Incomplete("max_output_tokens")),
            FinishReason::Filtered => Ok(Self::Incomplete("content_filter")),
            // Some servers end tool turns with any reason; complete calls can be run.
            _ if calls == CallsState::Complete => Ok(Self::Completed),
            FinishReason::Interrupted => Err(BackendError::interrupted()),
            FinishReason::Overloaded => Err(BackendError::overloaded()),
            // Nobody should run half of a call, whatever the server says (B3.2).
            FinishReason::Natural | FinishReason::Unknown if calls == CallsState::Cut => {
                Ok(Self::Incomplete("max_output_tokens"))
            }
            FinishReason::Natural | FinishReason::Unknown => Ok(Self::Completed),
        }
    }

    /// The status of the response, and of its last item.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Incomplete(_) => "incomplete",
        }
    }

    /// The event with which a stream ends.
    pub(crate) fn event(self) -> &'static str {
        match self {
            Self::Completed => "response.completed",
            Self::Incomplete(_) => "response.incomplete",
        }
    }

    pub(crate) fn response<'a>(self, lifecycle: &'a Lifecycle, output: &'a str, usage: Usage) -> ResponseObject<'a> {
        match self {
            Self::Completed => ResponseObject::completed(lifecycle.head(), output, usage, lifecycle.completed_at()),
            Self::Incomplete(reason) => ResponseObject::incomplete(lifecycle.head(), output, usage, reason),
        }
    }
}

/// The code of a backend's error (RS8).
pub(crate) fn backend_failure_code(error: &BackendError) -> &'static str {
    let status = match error.kind {
        ErrorKind::RateLimit => 429,
        ErrorKind::InvalidRequest | ErrorKind::RequestTooLarge => 400,
        _ => 500,
    };
    failure_code(status, error.context_overflow)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(reason: &str, calls: CallsState) -> Option<Status> {
        Status::of(Some(reason), calls).ok()
    }

    #[test]
    fn ra6_cuts_and_filters_are_incomplete_and_all_else_is_completed() {
        let cut = Some(Status::Incomplete("max_output_tokens"));
        assert_eq!(status("length", CallsState::Complete), cut);
        assert_eq!(status("model_context_window_exceeded", CallsState::None), cut);
        assert_eq!(
            status("content_filter", CallsState::None),
            Some(Status::Incomplete("content_filter"))
        );
        for reason in ["stop", "tool_calls", "", "eos", "whatever"] {
            assert_eq!(status(reason, CallsState::None), Some(Status::Completed), "{reason}");
        }
        assert_eq!(status("stop", CallsState::Cut), cut);
        assert_eq!(status("abort", CallsState::None), None);
    }

    #[test]
    fn rs8_only_four_codes_are_told() {
        assert_eq!(failure_code(429, false), "rate_limit_exceeded");
        assert_eq!(failure_code(400, true), "context_length_exceeded");
        assert_eq!(failure_code(400, false), "invalid_prompt");
        for status in [401, 402, 404, 500, 502, 503, 504, 529] {
            assert_eq!(failure_code(status, false), "server_error", "{status}");
        }
        assert_eq!(backend_failure_code(&BackendError::overloaded()), "server_error");
    }
}
