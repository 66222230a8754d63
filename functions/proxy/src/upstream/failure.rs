//! Attempts that gave nothing to pass on: where the fault lies, and what the backend's health and the client are told
//! of it (promise 52, B6.3 to B6.5).

use std::sync::Arc;
use std::time::Duration;

use domain::models::health::{FailureClass, RequestFailure};
use domain::models::{BackendId, RequestId};
use service::http::{ApiError, Code};
use translators::error::{BackendError, ErrorKind};

use super::blame::Blame;
use super::pool::CallResult;

/// One attempt that gave nothing to pass on.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: Box<ApiError>,
    pub(super) fault: Fault,
    /// What the backend said.
    told: Option<Arc<str>>,
    /// The backend cannot read the reasoning of earlier turns, which another account has sealed (N7).
    pub(super) rejects_reasoning: bool,
}

/// Where the fault of a failure lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// In the backend: another may be called, and its health suffers.
    Backend(FailureClass),
    /// In the request: no other backend is called.
    Request,
    /// In one of both. If one other backend refuses too, it is the request's.
    Unclear,
    /// Nowhere: nobody waits for a response any more.
    ClientLeft,
    /// Nowhere: the gateway is being stopped.
    Stopped,
    /// The backend was not called: it cannot be sent this request, or has no permit left.
    NotSent,
}

impl Failure {
    fn new(fault: Fault, error: impl Into<ApiError>) -> Self {
        Self {
            error: Box::new(error.into()),
            fault,
            told: None,
            rejects_reasoning: false,
        }
    }

    pub(super) fn of_backend(class: FailureClass, error: impl Into<ApiError>) -> Self {
        Self::new(Fault::Backend(class), error)
    }

    pub(super) fn of_request(error: impl Into<ApiError>) -> Self {
        Self::new(Fault::Request, error)
    }

    pub(super) fn not_sent(error: impl Into<ApiError>) -> Self {
        Self::new(Fault::NotSent, error)
    }

    pub(super) fn client_left() -> Self {
        Self::new(
            Fault::ClientLeft,
            ApiError::new(Code::Overloaded, "the client has left"),
        )
    }

    pub(super) fn stopped() -> Self {
        Self::new(
            Fault::Stopped,
            ApiError::new(Code::Overloaded, "the gateway is being stopped"),
        )
    }

    pub(super) fn timed_out() -> Self {
        Self::of_backend(FailureClass::Timeout, BackendError::timed_out())
    }

    pub(super) fn unreadable() -> Self {
        Self::of_backend(FailureClass::Malformed, BackendError::unreadable())
    }

    /// An error with another status than 200.
    pub(super) fn of_status(blame: Blame, error: BackendError) -> Self {
        Self::of_error(blame, error, FailureClass::Status)
    }

    /// An error object with status 200.
    pub(super) fn of_error_object(error: BackendError) -> Self {
        let blame = match error.kind {
            ErrorKind::Authentication => Blame::Credentials,
            ErrorKind::Billing => Blame::Billing,
            ErrorKind::RateLimit => Blame::RateLimit,
            ErrorKind::Timeout => Blame::Timeout,
            ErrorKind::Api | ErrorKind::Overloaded => Blame::Backend,
            _ if error.context_overflow => Blame::Request,
            _ => Blame::of(error.status, None, error.to_string().as_bytes()),
        };
        Self::of_error(blame, error, FailureClass::Malformed)
    }

    /// `class` is that of a failure which says nothing more.
    fn of_error(blame: Blame, error: BackendError, class: FailureClass) -> Self {
        let fault = match blame {
            Blame::Request | Blame::Content => Fault::Request,
            Blame::Unclear => Fault::Unclear,
            Blame::Credentials => Fault::Backend(FailureClass::Credentials),
            Blame::Billing => Fault::Backend(FailureClass::Billing),
            Blame::ModelMissing => Fault::Backend(FailureClass::ModelMissing),
            Blame::RateLimit => Fault::Backend(FailureClass::RateLimited),
            Blame::Timeout => Fault::Backend(FailureClass::Timeout),
            Blame::Backend => Fault::Backend(class),
        };
        Self {
            told: Some(Arc::from(error.to_string())),
            ..Self::new(fault, error)
        }
    }

    /// The same failure with its error for the client changed.
    pub(super) fn map_error(self, change: impl FnOnce(ApiError) -> ApiError) -> Self {
        Self {
            error: Box::new(change(*self.error)),
            ..self
        }
    }

    /// The same failure of a call that was made for something else than a response.
    pub(super) fn without_fault(self) -> Self {
        Self {
            fault: Fault::NotSent,
            ..self
        }
    }

    /// The same failure as the client is told of it, who asked for `model`: what only the operator can mend names
    /// neither the account nor the backend's own name of the model.
    pub(super) fn named(self, model: &str) -> Self {
        if let Fault::Backend(FailureClass::Billing | FailureClass::ModelMissing) = self.fault {
            let message = format!("the model `{model}` cannot be served at the moment");
            return self.map_error(|error| {
                let named = ApiError::new(Code::UpstreamError, message);
                match error.explicit_retry_after() {
                    Some(seconds) => named.retry_after(seconds),
                    None => named,
                }
            });
        }
        self
    }

    /// The name of the fault, for the record of the request.
    pub(super) fn name(&self) -> &'static str {
        match self.fault {
            Fault::Backend(class) => class.name(),
            Fault::Request | Fault::Unclear => "refused",
            Fault::ClientLeft => "client_gone",
            Fault::Stopped => "stopped",
            Fault::NotSent => "not_sent",
        }
    }

    /// Logs a fault of a backend for the operator. A fault of the request is reported to the client.
    pub(super) fn log(&self, request: &RequestId, backend: &BackendId) {
        if let Fault::Backend(class) = self.fault {
            let (class, reason, cause) = (class.name(), self.error.code().name(), self.error.cause());
            let told = self.told.as_deref();
            tracing::warn!(failed_attempts = 1, request.id = %request, %backend, class, reason, cause, told, "attempt failed");
        }
    }

    /// The result for the backend's health: a backend that refuses a request has responded.
    pub(super) fn call_result(&self) -> Option<CallResult> {
        match self.fault {
            Fault::Backend(class) => Some(self.failed(class)),
            Fault::Request => Some(CallResult::Responded),
            Fault::Unclear | Fault::ClientLeft | Fault::Stopped | Fault::NotSent => None,
        }
    }

    /// The result of an unclear refusal, once another backend has served the request.
    pub(super) fn blamed_result(&self) -> CallResult {
        self.failed(FailureClass::Credentials)
    }

    fn failed(&self, class: FailureClass) -> CallResult {
        CallResult::Failed(RequestFailure {
            class,
            retry_after: self.error.explicit_retry_after().map(Duration::from_secs),
            message: self.told.clone(),
        })
    }
}

/// The failures of one exchange so far.
#[derive(Debug, Default)]
pub(super) struct Failures {
    calls: usize,
    /// Refusals of backends that did not say whom they mean.
    unclear: usize,
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
    Failed,
    Unclear,
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
        self.called_ejected || self.unclear >= 2 || matches!(self.shown, Some((Rank::Final, _)))
    }

    /// `was_ejected` is true if the backend was called for want of a better one; `back_in` is the time until it is
    /// called again.
    pub(super) fn add(&mut self, failure: Failure, was_ejected: bool, back_in: Option<Duration>) {
        let rank = match failure.fault {
            Fault::NotSent => Rank::NotSent,
            Fault::Request | Fault::ClientLeft | Fault::Stopped => Rank::Final,
            Fault::Unclear => Rank::Unclear,
            Fault::Backend(FailureClass::RateLimited) => Rank::RateLimited,
            Fault::Backend(_) => Rank::Failed,
        };
        self.calls += usize::from(rank != Rank::NotSent);
        self.unclear += usize::from(rank == Rank::Unclear);
        self.called_ejected |= was_ejected && rank != Rank::NotSent;
        let error = match (failure.fault, back_in) {
            (Fault::Backend(_), Some(time)) if failure.error.explicit_retry_after().is_none() => {
                failure.error.retry_after(time.as_secs().max(1))
            }
            _ => *failure.error,
        };
        self.shown = Some(match self.shown.take() {
            Some((known, shown)) if known > rank => (known, shown.or_sooner(Some(&error))),
            Some((_, shown)) => (rank, error.or_sooner(Some(&shown))),
            None => (rank, error),
        });
    }

    /// The error for the client: that of a backend, if one was called.
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
    use translators::error::ErrorContext;

    use super::*;

    fn of_status(status: u16, body: &str) -> Failure {
        let errors = ErrorContext {
            passes_auth_errors: true,
            ..ErrorContext::default()
        };
        let error = BackendError::from_response(status, None, body.as_bytes(), &errors);
        Failure::of_status(Blame::of(status, None, body.as_bytes()), error)
    }

    fn rate_limited(retry_after: u64) -> Failure {
        let failure = of_status(429, r#"{"error":{"message":"slow down"}}"#);
        failure.map_error(|error| error.retry_after(retry_after))
    }

    fn broken() -> Failure {
        Failure::of_backend(FailureClass::Connect, BackendError::unreachable())
    }

    fn full() -> Failure {
        Failure::not_sent(none_available())
    }

    fn unclear() -> Failure {
        of_status(403, r#"{"error":{"message":"no"}}"#)
    }

    /// The error of failures with the seconds for which their backends are out.
    fn shown(failures: impl IntoIterator<Item = (Failure, Option<u64>)>) -> (Code, Option<u64>) {
        let mut all = Failures::default();
        for (failure, out) in failures {
            all.add(failure, out.is_some(), out.map(Duration::from_secs));
        }
        let error = all.into_error();
        (error.code(), error.retry_after_seconds())
    }

    #[test]
    fn p52_b6_5_the_error_for_the_client_when_all_attempts_fail() {
        use Code::{Forbidden, NoBackendAvailable, UpstreamError, UpstreamRateLimited};
        let cases = [
            (vec![], (NoBackendAvailable, Some(5))),
            (vec![(full(), None)], (NoBackendAvailable, Some(5))),
            (vec![(broken(), None), (full(), None)], (UpstreamError, None)),
            (vec![(broken(), Some(30))], (UpstreamError, Some(30))),
            (vec![(broken(), None), (broken(), Some(30))], (UpstreamError, Some(30))),
            (
                vec![
                    (rate_limited(9), None),
                    (rate_limited(7), None),
                    (rate_limited(8), Some(8)),
                ],
                (UpstreamRateLimited, Some(7)),
            ),
            (
                vec![(rate_limited(9), None), (broken(), None)],
                (UpstreamError, Some(9)),
            ),
            (
                vec![(broken(), None), (rate_limited(9), None)],
                (UpstreamError, Some(9)),
            ),
            (
                vec![(rate_limited(2), None), (broken(), Some(30))],
                (UpstreamError, Some(2)),
            ),
            (vec![(unclear(), None)], (Forbidden, None)),
            (vec![(unclear(), None), (broken(), None)], (Forbidden, None)),
            (vec![(unclear(), None), (unclear(), None)], (Forbidden, None)),
        ];
        for (failures, expected) in cases {
            let case = format!("{failures:?}");
            assert_eq!(shown(failures), expected, "{case}");
        }
    }

    #[test]
    fn b6_3_after_an_unclear_refusal_one_other_backend_is_asked() {
        let mut failures = Failures::default();
        failures.add(unclear(), false, None);
        assert!(!failures.are_final());
        failures.add(unclear(), false, None);
        assert!(failures.are_final());
    }

    #[test]
    fn b6_4_the_client_is_told_of_its_model_and_not_of_the_operators_account() {
        for (status, body) in [
            (402, r#"{"error":{"message":"account acme-1 is broke"}}"#),
            (
                404,
                r#"{"error":{"message":"the model `acme-internal` does not exist"}}"#,
            ),
        ] {
            let failure = of_status(status, body).named("m");
            assert_eq!(failure.error.message(), "the model `m` cannot be served at the moment");
            assert_eq!(failure.error.code(), Code::UpstreamError);
            assert!(
                failure.told.as_deref().unwrap().contains("acme"),
                "the operator is told all"
            );
        }
    }

    #[test]
    fn p52_where_the_fault_of_a_status_lies() {
        let fault = |status| of_status(status, "{}").fault;
        for (status, class) in [
            (401, FailureClass::Credentials),
            (402, FailureClass::Billing),
            (408, FailureClass::Timeout),
            (424, FailureClass::Status),
            (429, FailureClass::RateLimited),
            (307, FailureClass::Status),
            (498, FailureClass::Status),
            (500, FailureClass::Status),
            (529, FailureClass::Status),
        ] {
            assert_eq!(fault(status), Fault::Backend(class), "{status}");
        }
        for status in [400, 404, 409, 413, 422] {
            assert_eq!(fault(status), Fault::Request, "{status}");
        }
        assert_eq!(fault(403), Fault::Unclear);
    }
}
