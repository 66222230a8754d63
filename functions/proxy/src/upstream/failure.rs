//! What becomes of attempts that gave nothing to pass on: whose fault it was, and what the client is told when all fail
//! (promise 52, docs/api.md §8).

use std::time::Duration;

use domain::models::health::FailureClass;
use domain::models::{BackendId, RequestId};
use http::StatusCode;
use service::http::{ApiError, Code};
use translators::error::{BackendError, ErrorKind};

use crate::upstream::pool::CallResult;

/// One attempt that gave nothing to pass on.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: ApiError,
    pub(crate) fault: Fault,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The backend is at fault: another may be asked, and its health suffers.
    Backend(FailureClass),
    /// The request is: nobody else is asked.
    Request,
    /// Nobody is, but nobody waits for an answer any more.
    Nobody,
    /// The backend was not asked: it cannot be sent this request, or has no place for it.
    Unasked,
}

impl Failure {
    pub(crate) fn of_backend(class: FailureClass, error: impl Into<ApiError>) -> Self {
        Self {
            error: error.into(),
            fault: Fault::Backend(class),
        }
    }

    pub(crate) fn of_request(error: impl Into<ApiError>) -> Self {
        Self {
            error: error.into(),
            fault: Fault::Request,
        }
    }

    pub(crate) fn unasked(error: impl Into<ApiError>) -> Self {
        Self {
            error: error.into(),
            fault: Fault::Unasked,
        }
    }

    pub(crate) fn given_up(why: &'static str) -> Self {
        Self {
            error: ApiError::new(Code::Overloaded, why),
            fault: Fault::Nobody,
        }
    }

    pub(crate) fn timed_out() -> Self {
        Self::of_backend(FailureClass::Timeout, BackendError::timed_out())
    }

    pub(crate) fn unreadable() -> Self {
        Self::of_backend(FailureClass::Malformed, BackendError::unreadable())
    }

    /// A status other than 200: 4xx is final but for those that say "not now" or "not you".
    pub(crate) fn refused(status: StatusCode, error: ApiError) -> Self {
        match status.as_u16() {
            401 | 403 => Self::of_backend(FailureClass::Credentials, error),
            408 => Self::of_backend(FailureClass::Timeout, error),
            429 => Self::of_backend(FailureClass::RateLimited, error),
            400..=499 => Self::of_request(error),
            _ => Self::of_backend(FailureClass::Status, error),
        }
    }

    /// An error object where an answer was due.
    pub(crate) fn told(error: BackendError) -> Self {
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

    /// Tells the operator what was wrong with a backend. What is wrong with the request is told to the client.
    pub(crate) fn log(&self, request: &RequestId, backend: &BackendId) {
        if let Fault::Backend(class) = self.fault {
            let (class, reason, cause) = (class.name(), self.error.code().name(), self.error.cause());
            tracing::warn!(failed_attempts = 1, request.id = %request, %backend, class, reason, cause, "attempt failed");
        }
    }

    /// What the attempt says about the backend: one that refuses a request answers.
    pub(crate) fn verdict(&self) -> Option<CallResult> {
        match self.fault {
            Fault::Backend(class) => {
                let retry_after = self.error.told_retry_after().map(Duration::from_secs);
                Some(CallResult::Failed { class, retry_after })
            }
            Fault::Request => Some(CallResult::Answered),
            Fault::Nobody | Fault::Unasked => None,
        }
    }
}

/// The failures of one exchange so far.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    asked: usize,
    /// A backend was asked that was out: only such ones are left.
    resorted: bool,
    told: Option<(Rank, ApiError)>,
}

/// How much a failure says: of several, the client is told the last of the highest rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Unasked,
    /// 429 is told only when every backend said it.
    RateLimited,
    /// That one is out was known.
    WasOut,
    Failed,
    /// Nobody else is asked.
    Final,
}

impl Failures {
    /// Backends that were asked.
    pub(crate) fn asked(&self) -> usize {
        self.asked
    }

    /// Whether nobody else is asked.
    pub(crate) fn are_final(&self) -> bool {
        self.resorted || matches!(self.told, Some((Rank::Final, _)))
    }

    /// Takes a failure in; `was_out` if the backend was asked for want of a better one.
    pub(crate) fn add(&mut self, failure: Failure, was_out: bool) {
        let rank = match failure.fault {
            Fault::Unasked => Rank::Unasked,
            Fault::Request | Fault::Nobody => Rank::Final,
            Fault::Backend(FailureClass::RateLimited) => Rank::RateLimited,
            Fault::Backend(_) if was_out => Rank::WasOut,
            Fault::Backend(_) => Rank::Failed,
        };
        self.asked += usize::from(rank != Rank::Unasked);
        self.resorted |= was_out && rank != Rank::Unasked;
        let error = if rank == Rank::WasOut {
            none_available().or_sooner(Some(&failure.error))
        } else {
            failure.error
        };
        self.told = Some(match self.told.take() {
            Some((known, told)) if known > rank => (known, told.or_sooner(Some(&error))),
            Some((_, told)) => (rank, error.or_sooner(Some(&told))),
            None => (rank, error),
        });
    }

    /// What the client is told.
    pub(crate) fn into_error(self) -> ApiError {
        self.told.map_or_else(none_available, |(_, error)| error)
    }
}

/// No backend is there that could be asked.
pub(crate) fn none_available() -> ApiError {
    ApiError::new(
        Code::NoBackendAvailable,
        "no backend can serve this model at the moment",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate_limited(retry_after: u64) -> Failure {
        Failure::refused(
            StatusCode::TOO_MANY_REQUESTS,
            ApiError::new(Code::UpstreamRateLimited, "slow down").retry_after(retry_after),
        )
    }

    fn broken() -> Failure {
        Failure::of_backend(FailureClass::Connect, BackendError::unreachable())
    }

    fn full() -> Failure {
        Failure::unasked(none_available())
    }

    fn told(failures: impl IntoIterator<Item = (Failure, bool)>) -> (Code, Option<u64>) {
        let mut all = Failures::default();
        failures
            .into_iter()
            .for_each(|(failure, was_out)| all.add(failure, was_out));
        let error = all.into_error();
        (error.code(), error.retry_after_seconds())
    }

    #[test]
    fn p52_what_the_client_is_told_when_all_fail() {
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
            let shown = format!("{failures:?}");
            assert_eq!(told(failures), expected, "{shown}");
        }
    }

    #[test]
    fn p52_whose_fault_a_status_is() {
        let fault = |status: u16| Failure::refused(StatusCode::from_u16(status).unwrap(), none_available()).fault;
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
