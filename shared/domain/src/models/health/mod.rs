//! The health of a backend, and what each request and each check changes about it (promise 53): a circuit breaker.
//!
//! Pure. Requests and checks report to the same state; only this module decides if a backend is ejected, and for how long.

mod class;
mod evidence;
mod finding;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use class::FailureClass;
pub use evidence::{CallerMark, Evidence};
pub use finding::{CheckFinding, LastError, RequestFailure};

/// Requests that fail in a row and eject a backend.
const TOLERATED_FAILURES: u32 = 5;
/// The same for failures that only an operator can mend.
const TOLERATED_REFUSALS: u32 = 2;
/// The first ejection.
const FIRST_EJECTION: Duration = Duration::from_secs(30);
/// The longest ejection. A backend that was available for as long begins with the first one again.
const LONGEST_EJECTION: Duration = Duration::from_mins(5);
/// A success is written this often.
const SUCCESS_PERIOD: Duration = Duration::from_secs(30);
/// A success within two minutes outranks a failed check. What is written may be older than the last success.
const SUCCESS_OUTRANKS: Duration = Duration::from_secs(120 + SUCCESS_PERIOD.as_secs());

/// The health of a backend, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// `false` from an ejection until a request or a check succeeds.
    pub healthy: bool,
    /// When `healthy` was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    #[serde(default)]
    pub last_check_at: Option<Timestamp>,
    /// Duration of the last check, if it was answered.
    #[serde(default)]
    pub latency_ms: Option<u64>,
    /// What the last check found amiss, also at a backend that can be reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<FailureClass>,
    /// Failures in a row.
    #[serde(default)]
    pub failures: u32,
    /// The last ones of them that only an operator can mend.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub refusals: u32,
    /// Ejections in a row; each is twice as long as the one before.
    #[serde(default)]
    pub ejections: u32,
    /// The end of the last ejection. Kept afterwards, since the next one may follow soon.
    #[serde(default)]
    pub ejected_until: Option<Timestamp>,
    /// The class of the last failure; `None` after a success.
    #[serde(default)]
    pub last_failure: Option<FailureClass>,
    /// The last failure in the backend's own words. Kept after a success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<LastError>,
    /// A recent success of a request, at most 30 s older than the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_success_at: Option<Timestamp>,
    /// The version of the stored state that this one was made from; 0 for none. Set by the store.
    #[serde(skip)]
    pub version: u64,
}

/// Whether requests may go to a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    Available,
    /// The ejection is over, and nothing has succeeded since: one request may try.
    Probation,
    Ejected,
}

impl Default for Health {
    /// A new backend is available.
    fn default() -> Self {
        Self {
            healthy: true,
            since: None,
            last_check_at: None,
            latency_ms: None,
            finding: None,
            failures: 0,
            refusals: 0,
            ejections: 0,
            ejected_until: None,
            last_failure: None,
            last_error: None,
            last_success_at: None,
            version: 0,
        }
    }
}

impl Health {
    pub fn availability(&self, now: Timestamp) -> Availability {
        match self.ejected_until {
            _ if self.healthy => Availability::Available,
            Some(until) if now < until => Availability::Ejected,
            _ => Availability::Probation,
        }
    }

    /// True if a request may be sent at `now`, if only on probation.
    pub fn usable(&self, now: Timestamp) -> bool {
        self.availability(now) != Availability::Ejected
    }

    /// The end of an ejection that is not over.
    pub fn ejected_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.ejected_until.filter(|_| !self.usable(now))
    }

    /// True if another success would change nothing.
    pub fn is_spotless(&self) -> bool {
        self.healthy && self.failures == 0
    }

    /// True if a success at `now` is to be written: only so does a check know of it.
    pub fn is_success_due(&self, now: Timestamp) -> bool {
        self.last_success_at.is_none_or(|at| later(at, SUCCESS_PERIOD) <= now)
    }

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

    /// After a check. A failed one ejects, or prolongs an ejection without making the next one longer: two checks at once
    /// do no harm. It never outranks requests that succeed.
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
                let reached = Self {
                    latency_ms: Some(u64::try_from(latency.as_millis()).unwrap_or(u64::MAX)),
                    finding,
                    ..checked
                };
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

    fn after_failed_check(self, now: Timestamp, class: FailureClass) -> Self {
        let succeeds = self.last_success_at.is_some_and(|at| now < later(at, SUCCESS_OUTRANKS));
        if self.healthy && succeeds {
            return self;
        }
        if self.usable(now) {
            return self.failed(now, class, None).ejected(now);
        }
        let time = ejection_time(self.ejections);
        self.failed(now, class, None).ejected_for(now, time)
    }

    /// True if a check that reached the backend ends its ejection: not where the check cannot show that the reason is gone.
    fn ends_by(&self, finding: Option<FailureClass>, by_hand: bool) -> bool {
        match self.last_failure {
            Some(FailureClass::Credentials) => finding.is_none(),
            Some(FailureClass::Billing | FailureClass::ModelMissing) => by_hand && finding.is_none(),
            _ => true,
        }
    }

    /// Available again: nothing is held against it any more.
    fn back(self, now: Timestamp) -> Self {
        Self {
            since: if self.healthy { self.since } else { Some(now) },
            healthy: true,
            failures: 0,
            refusals: 0,
            last_failure: None,
            ..self
        }
    }

    fn failed(self, now: Timestamp, class: FailureClass, message: Option<Arc<str>>) -> Self {
        let refusals = if class.is_operators() {
            self.refusals.saturating_add(1)
        } else {
            0
        };
        Self {
            failures: self.failures.saturating_add(1),
            refusals,
            last_failure: Some(class),
            last_error: Some(LastError {
                at: now,
                class,
                message,
            }),
            ..self
        }
    }

    fn ejected(self, now: Timestamp) -> Self {
        let begins_anew_at = self.ejected_until.map(|until| later(until, LONGEST_EJECTION));
        let ejections = if begins_anew_at.is_some_and(|at| now < at) {
            self.ejections.saturating_add(1)
        } else {
            1
        };
        Self { ejections, ..self }.ejected_for(now, ejection_time(ejections))
    }

    /// Never shortens an ejection.
    fn ejected_for(self, now: Timestamp, time: Duration) -> Self {
        let until = later(now, time.min(LONGEST_EJECTION));
        Self {
            since: if self.healthy { Some(now) } else { self.since },
            healthy: false,
            ejected_until: self.ejected_until.max(Some(until)),
            ..self
        }
    }
}

/// The length of an ejection of this number, counted from 1.
fn ejection_time(ejections: u32) -> Duration {
    let doublings = ejections.saturating_sub(1).min(10);
    (FIRST_EJECTION * 2_u32.pow(doublings)).min(LONGEST_EJECTION)
}

fn later(time: Timestamp, by: Duration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests;
