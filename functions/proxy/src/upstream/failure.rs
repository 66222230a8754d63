//! Attempts that gave nothing to pass on: where the fault lies, and the error for the client when all attempts fail
//! (promise 52, docs/api.md §8).

use std::time::Duration;

use domain::models::health::FailureClass;
use domain::models::{BackendId, RequestId};
use http::StatusCode;
use service::http::{ApiError, Code};
use translators::error::{BackendError, ErrorKind};

use super::pool::CallResult;

/// One attempt that gave nothing to pass on.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: ApiError,
    pub(super) fault: Fault,
}

/// Where the fault of a failure lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// In the backend: another may be called, and its health suffers.
    Backend(FailureClass),
    /// In the request: no other backend is called.
    Request,
    /// Nowhere: nobody waits for a response any more.
    Cancelled,
    /// The backend was not called: it cannot be sent this request, or has no permit left.
    NotSent,
}

impl Failure {
    pub(super) fn of_backend(class: FailureClass, error: impl Into<ApiError>) -> Self {
        Self {
            error: error.into(),
            fault: Fault::Backend(class),
        }
    }

    pub(super) fn of_request(error: impl Into<ApiError>) -> Self {
        Self {
            error: error.into(),
            fault: Fault::Request,
        }
    }

    pub(super) fn not_sent(error: impl Into<ApiError>) -> Self {
        Self {
            error: error.into(),
            fault: Fault::NotSent,
        }
    }

    pub(super) fn cancelled(reason: &'static str) -> Self {
        Self {
            error: ApiError::new(Code::Overloaded, reason),
            fault: Fault::Cancelled,
        }
    }

    pub(super) fn timed_out() -> Self {
        Self::of_backend(FailureClass::Timeout, BackendError::timed_out())
    }

    pub(super) fn unreadable() -> Self {
        Self::of_backend(FailureClass::Malformed, BackendError::unreadable())
    }

    /// A status other than 200. 4xx is the request's fault, except for "not now" and "not with this key".
    pub(super) fn of_status(status: StatusCode, error: ApiError) -> Self {
        match status.as_u16() {
            401 | 403 => Self::of_backend(FailureClass::Credentials, error),
            408 => Self::of_backend(FailureClass::Timeout, error),
            429 => Self::of_backend(FailureClass::RateLimited, error),
            400..=499 => Self::of_request(error),
            _ => Self::of_backend(FailureClass::Status, error),
        }
    }

    /// An error object with status 200.
    pub(super) fn of_error_object(error: BackendError) -> Self {
        let class = match error.kind {
            ErrorKind::RateLimit => FailureClass::RateLimited,
            ErrorKind::Timeout => FailureClass::Timeout,
            ErrorKind::Authentication | ErrorKind::Permission => FailureClass::Credentials,
            ErrorKind::Api | ErrorKind::Overloaded => FailureClass::Malformed,
            ErrorKind::InvalidRequest
            | ErrorKind::Billing
            | ErrorKind::NotFound
            | ErrorKind::Conflict
            | ErrorKind::RequestTooLarge => {
                return Self::of_request(error);
            }
        };
        Self::of_backend(class, error)
    }

    /// Logs a fault of a backend for the operator. A fault of the request is reported to the client.
    pub(super) fn log(&self, request: &RequestId, backend: &BackendId) {
        if let Fault::Backend(class) = self.fault {
            let (class, reason, cause) = (class.name(), self.error.code().name(), self.error.cause());
            tracing::warn!(failed_attempts = 1, request.id = %request, %backend, class, reason, cause, "attempt failed");
        }
    }

    /// The result for the backend's health: a backend that refuses a request has responded.
    pub(super) fn call_result(&self) -> Option<CallResult> {
        match self.fault {
            Fault::Backend(class) => {
                let retry_after = self.error.explicit_retry_after().map(Duration::from_secs);
                Some(CallResult::Failed { class, retry_after })
            }
            Fault::Request => Some(CallResult::Responded),
            Fault::Cancelled | Fault::NotSent => None,
        }
    }
}

/// The failures of one exchange so far.
#[derive(Debug, Default)]
pub(super) struct Failures {
    calls: usize,
    /// True once an ejected backend was called: only such are left.
    called_ejected: bool,
    shown: Option<(Rank, ApiError)>,
}

/// How much a failure says. Of several failures the client gets the last of the highest rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    NotSent,
    /// The client gets 429 only if every backend sent it.
    RateLimited,
    /// The backend was ejected when it was called.
    Ejected,
    Failed,
    /// No other backend is called.
    Final,
}

impl Failures {
    /// Backends that were called.
    pub(super) fn calls(&self) -> usize {
        self.calls
    }

    /// True if no other backend is called.
    pub(super) fn are_final(&self) -> bool {
        self.called_ejected || matches!(self.shown, Some((Rank::Final, _)))
    }

    /// `was_ejected` is true if the backend was called for want of a better one.
    pub(super) fn add(&mut self, failure: Failure, was_ejected: bool) {
        let rank = match failure.fault {
            Fault::NotSent => Rank::NotSent,
            Fault::Request | Fault::Cancelled => Rank::Final,
            Fault::Backend(FailureClass::RateLimited) => Rank::RateLimited,
            Fault::Backend(_) if was_ejected => Rank::Ejected,
            Fault::Backend(_) => Rank::Failed,
        };
        self.calls += usize::from(rank != Rank::NotSent);
        self.called_ejected |= was_ejected && rank != Rank::NotSent;
        let error = if rank == Rank::Ejected {
            none_available().or_sooner(Some(&failure.error))
        } else {
            failure.error
        };
        self.shown = Some(match self.shown.take() {
            Some((known, shown)) if known > rank => (known, shown.or_sooner(Some(&error))),
            Some((_, shown)) => (rank, error.or_sooner(Some(&shown))),
            None => (rank, error),
        });
    }

    /// The error for the client.
    pub(super) fn into_error(self) -> ApiError {
        self.shown.map_or_else(none_available, |(_, error)| error)
    }
}

/// The error if no backend can be called.
pub(super) fn none_available() -> ApiError {
    ApiError::new(
        Code::NoBackendAvailable,
        "no backend can serve this model at the moment",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate_limited(retry_after: u64) -> Failure {
        Failure::of_status(
            StatusCode::TOO_MANY_REQUESTS,
            ApiError::new(Code::UpstreamRateLimited, "slow down").retry_after(retry_after),
        )
    }

    fn broken() -> Failure {
        Failure::of_backend(FailureClass::Connect, BackendError::unreachable())
    }

    fn full() -> Failure {
        Failure::not_sent(none_available())
    }

    fn shown(failures: impl IntoIterator<Item = (Failure, bool)>) -> (Code, Option<u64>) {
        let mut all = Failures::default();
        failures
            .into_iter()
            .for_each(|(failure, was_ejected)| all.add(failure, was_ejected));
        let error = all.into_error();
        (error.code(), error.retry_after_seconds())
    }

    #[test]
    fn p52_the_error_for_the_client_when_all_attempts_fail() {
        use Code::{NoBackendAvailable, UpstreamError, UpstreamRateLimited};
        let cases = [
            (vec![], (NoBackendAvailable, Some(5))),
            (vec![(full(), false)], (NoBackendAvailable, Some(5))),
            (vec![(broken(), false), (full(), false)], (UpstreamError, None)),
            (vec![(broken(), true)], (NoBackendAvailable, Some(5))),
            (vec![(broken(), false), (broken(), true)], (UpstreamError, None)),
            (
                vec![
                    (rate_limited(9), false),
                    (rate_limited(7), false),
                    (rate_limited(8), true),
                ],
                (UpstreamRateLimited, Some(7)),
            ),
            (
                vec![(rate_limited(9), false), (broken(), false)],
                (UpstreamError, Some(9)),
            ),
            (
                vec![(broken(), false), (rate_limited(9), false)],
                (UpstreamError, Some(9)),
            ),
            (
                vec![(rate_limited(2), false), (broken(), true)],
                (NoBackendAvailable, Some(2)),
            ),
        ];
        for (failures, expected) in cases {
            let case = format!("{failures:?}");
            assert_eq!(shown(failures), expected, "{case}");
        }
    }

    #[test]
    fn p52_where_the_fault_of_a_status_lies() {
        let fault = |status: u16| Failure::of_status(StatusCode::from_u16(status).unwrap(), none_available()).fault;
        for (status, class) in [
            (401, FailureClass::Credentials),
            (403, FailureClass::Credentials),
            (408, FailureClass::Timeout),
            (429, FailureClass::RateLimited),
            (307, FailureClass::Status),
            (500, FailureClass::Status),
            (529, FailureClass::Status),
        ] {
            assert_eq!(fault(status), Fault::Backend(class), "{status}");
        }
        for status in [400, 402, 404, 409, 413, 422] {
            assert_eq!(fault(status), Fault::Request, "{status}");
        }
    }
}
