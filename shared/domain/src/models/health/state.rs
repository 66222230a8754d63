//! The state that requests and checks report to, and its turns from available to ejected and back.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::availability::Availability;
use super::class::FailureClass;
use super::finding::LastError;
use super::turns::{Turn, Turns};

/// The first ejection.
const FIRST_EJECTION: Duration = Duration::from_secs(30);
/// The longest ejection. A backend that was available for as long begins with the first one again.
const LONGEST_EJECTION: Duration = Duration::from_mins(5);
/// By how much the clocks of processes may differ: what lies further ahead is the work of a clock that was wrong.
const CLOCK_TOLERANCE: Duration = Duration::from_mins(10);
/// A success is written this often.
pub(super) const SUCCESS_PERIOD: Duration = Duration::from_secs(30);

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
    #[serde(default, skip_serializing_if = "Turns::is_empty")]
    pub turns: Turns,
    /// The version of the stored state that this one was made from; 0 for none. Set by the store.
    #[serde(skip)]
    pub version: u64,
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
            turns: Turns::default(),
            version: 0,
        }
    }
}

impl Health {
    pub fn availability(&self, now: Timestamp) -> Availability {
        let latest = later(now, LONGEST_EJECTION + CLOCK_TOLERANCE);
        match self.ejected_until {
            _ if self.healthy => Availability::Available,
            Some(until) if now < until && until <= latest => Availability::Ejected,
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
        !self.succeeded_within(SUCCESS_PERIOD, now)
    }

    /// True if the last success that is known lies less than `period` back.
    pub(super) fn succeeded_within(&self, period: Duration, now: Timestamp) -> bool {
        self.last_success_at
            .is_some_and(|at| now < later(at, period) && at <= later(now, CLOCK_TOLERANCE))
    }

    /// The health of the same backend with another key or at another address: nothing that was found is of it.
    #[must_use]
    pub fn forgotten(self, now: Timestamp) -> Self {
        let Self {
            version, turns, since, ..
        } = self.back(now);
        Self {
            since,
            turns,
            version,
            ..Self::default()
        }
    }

    /// Available again: nothing is held against it any more.
    pub(super) fn back(self, now: Timestamp) -> Self {
        let back = if self.healthy {
            self
        } else {
            self.turned(now, Availability::Available)
        };
        Self {
            healthy: true,
            failures: 0,
            refusals: 0,
            last_failure: None,
            ..back
        }
    }

    fn turned(self, at: Timestamp, state: Availability) -> Self {
        let reason = self.last_failure.filter(|_| state == Availability::Ejected);
        Self {
            since: Some(at),
            turns: self.turns.with(Turn { at, state, reason }),
            ..self
        }
    }

    pub(super) fn failed(self, now: Timestamp, class: FailureClass, message: Option<Arc<str>>) -> Self {
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

    pub(super) fn ejected(self, now: Timestamp) -> Self {
        let begins_anew_at = self.ejected_until.map(|until| later(until, LONGEST_EJECTION));
        let ejections = if begins_anew_at.is_some_and(|at| now < at) {
            self.ejections.saturating_add(1)
        } else {
            1
        };
        Self { ejections, ..self }.ejected_for(now, ejection_time(ejections))
    }

    /// Never shortens an ejection.
    pub(super) fn ejected_for(self, now: Timestamp, time: Duration) -> Self {
        let until = later(now, time.min(LONGEST_EJECTION));
        let known = self
            .ejected_until
            .filter(|known| *known <= later(now, LONGEST_EJECTION + CLOCK_TOLERANCE));
        let out = if self.healthy {
            self.turned(now, Availability::Ejected)
        } else {
            self
        };
        Self {
            healthy: false,
            ejected_until: known.max(Some(until)),
            ..out
        }
    }
}

/// The length of an ejection of this number, counted from 1.
pub(super) fn ejection_time(ejections: u32) -> Duration {
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
