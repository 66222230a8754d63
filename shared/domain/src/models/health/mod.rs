//! The health of a backend, and what each request and each check changes about it (promise 53): a circuit breaker.
//!
//! Pure. Requests and checks report to the same state; only this module decides if a backend is ejected, and for how
//! long.

mod availability;
mod class;
mod evidence;
mod finding;
mod state;
mod turns;

use std::time::Duration;

use jiff::Timestamp;

use state::{SUCCESS_PERIOD, ejection_time};

pub use availability::Availability;
pub use class::FailureClass;
pub use evidence::{CallerMark, Evidence};
pub use finding::{CheckFinding, LastError, RequestFailure};
pub use state::Health;
pub use turns::{Turn, Turns};

/// Requests that fail in a row and eject a backend.
const TOLERATED_FAILURES: u32 = 5;
/// The same for failures that only an operator can mend.
const TOLERATED_REFUSALS: u32 = 2;
/// A success within two minutes outranks a failed check. What is written may be older than the last success.
const SUCCESS_OUTRANKS: Duration = Duration::from_secs(120 + SUCCESS_PERIOD.as_secs());

impl Health {
    /// After a request that failed. `counts` is false if the failures so far say nothing about the backend (HA14).
    #[must_use]
    pub fn after_failure(self, now: Timestamp, failure: &RequestFailure, counts: bool) -> Self {
        let RequestFailure {
            class,
            retry_after,
            ref message,
        } = *failure;
        let failed = self.failed(now, class, message.clone());
        if !counts {
            return failed;
        }
        if let Some(time) = retry_after.filter(|time| !time.is_zero() && class.may_ask_for_rest()) {
            return failed.ejected_for(now, time);
        }
        match failed.availability(now) {
            // Requests that were in flight at the ejection.
            Availability::Ejected => failed,
            Availability::Probation => failed.ejected(now),
            Availability::Available if failed.has_failed_enough() => failed.ejected(now),
            Availability::Available => failed,
        }
    }

    fn has_failed_enough(&self) -> bool {
        self.failures >= TOLERATED_FAILURES || self.refusals >= TOLERATED_REFUSALS
    }

    /// After a request that was answered.
    #[must_use]
    pub fn after_success(self, now: Timestamp) -> Self {
        Self {
            last_success_at: Some(now),
            ..self.back(now)
        }
    }

    /// After a check. A failed one ejects, or prolongs an ejection without making the next one longer: two checks at
    /// once do no harm. It never outranks requests that succeed.
    #[must_use]
    pub fn after_check(self, now: Timestamp, found: CheckFinding) -> Self {
        let checked = Self {
            last_check_at: Some(now),
            ..self
        };
        match found {
            CheckFinding::Reachable {
                latency,
                finding,
                by_hand,
            } => {
                let ends = checked.ends_by(finding, by_hand);
                let reached = checked.reached(latency, finding);
                if ends { reached.back(now) } else { reached }
            }
            CheckFinding::Up { latency } => {
                let ends = checked.ends_by_answering();
                let reached = checked.reached(latency, None);
                if ends { reached.back(now) } else { reached }
            }
            CheckFinding::Failed(class) => Self {
                latency_ms: None,
                finding: Some(class),
                ..checked
            }
            .after_failed_check(now, class),
        }
    }

    fn reached(self, latency: Duration, finding: Option<FailureClass>) -> Self {
        Self {
            latency_ms: Some(u64::try_from(latency.as_millis()).unwrap_or(u64::MAX)),
            finding,
            ..self
        }
    }

    fn after_failed_check(self, now: Timestamp, class: FailureClass) -> Self {
        if self.healthy && self.succeeded_within(SUCCESS_OUTRANKS, now) {
            return self;
        }
        if self.usable(now) {
            return self.failed(now, class, None).ejected(now);
        }
        let time = ejection_time(self.ejections);
        self.failed(now, class, None).ejected_for(now, time)
    }

    /// True if any answer ends its ejection: of a reason that says nothing of who asked.
    fn ends_by_answering(&self) -> bool {
        use FailureClass::{Billing, Credentials, ModelMissing};
        !matches!(self.last_failure, Some(Billing | Credentials | ModelMissing))
    }

    /// True if a check that reached the backend ends its ejection: not where the check cannot show that the reason is
    /// gone.
    fn ends_by(&self, finding: Option<FailureClass>, by_hand: bool) -> bool {
        match self.last_failure {
            Some(FailureClass::Credentials) => finding.is_none(),
            Some(FailureClass::Billing | FailureClass::ModelMissing) => by_hand && finding.is_none(),
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests;
