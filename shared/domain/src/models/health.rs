//! What is known of a backend's health, and what each finding changes about it (promise 53): a circuit breaker.
//!
//! Pure. Requests and checks report to the same state; nobody but this file decides who is out, and for how long.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// So many requests that fail in a row take a backend out.
const TOLERATED_FAILURES: u32 = 5;
/// How long it is out for the first time.
const FIRST_EJECTION: Duration = Duration::from_secs(30);
/// How long it is out at most; so long it must also have been in, for the next time to be a first one again.
const LONGEST_EJECTION: Duration = Duration::from_mins(5);

/// The health of a backend, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// `false` from the moment it is taken out until something shows that it responds again.
    pub healthy: bool,
    /// When it was last checked.
    #[serde(default)]
    pub last_check_at: Option<Timestamp>,
    /// How long that took.
    #[serde(default)]
    pub latency_ms: Option<u64>,
    /// Failures in a row.
    #[serde(default)]
    pub failures: u32,
    /// How often in a row it was taken out; each time is twice as long as the one before.
    #[serde(default)]
    pub ejections: u32,
    /// The end of the last time out. Kept afterwards, so that one who flaps is not forgiven at once.
    #[serde(default)]
    pub ejected_until: Option<Timestamp>,
    /// What the last failure was, while there is one.
    #[serde(default)]
    pub last_failure: Option<FailureClass>,
    /// Which of the stored states this one was made from; 0 is none. Set by the store.
    #[serde(skip)]
    pub version: u64,
}

/// What went wrong with a backend, as coarsely as callers may see it (promise 37).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// Its name has no address.
    Dns,
    /// No connection, or one that broke.
    Connect,
    Tls,
    Timeout,
    /// Its address may not be called (promise 33).
    ForbiddenAddress,
    /// Its key cannot be had.
    Secret,
    /// It refuses our key.
    Credentials,
    RateLimited,
    /// Its response had a status other than success.
    Status,
    /// Its response is malformed.
    Malformed,
    /// It broke off, stalled or sent malformed data in the middle of a response.
    Interrupted,
    /// Of a later version of the gateway.
    #[serde(other)]
    Other,
}

impl FailureClass {
    pub fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::ForbiddenAddress => "forbidden_address",
            Self::Secret => "secret",
            Self::Credentials => "credentials",
            Self::RateLimited => "rate_limited",
            Self::Status => "status",
            Self::Malformed => "malformed",
            Self::Interrupted => "interrupted",
            Self::Other => "other",
        }
    }
}

/// The availability of a backend for requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Availability {
    Available,
    /// Its time out is over, and it has not responded since: one request may try it.
    Probation,
    Ejected,
}

impl Default for Health {
    /// A new backend is taken for healthy.
    fn default() -> Self {
        Self {
            healthy: true,
            last_check_at: None,
            latency_ms: None,
            failures: 0,
            ejections: 0,
            ejected_until: None,
            last_failure: None,
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

    /// True if a request may go there at `now`, if only as a trial.
    pub fn usable(&self, now: Timestamp) -> bool {
        self.availability(now) != Availability::Ejected
    }

    /// True if nothing is held against it: another success would change nothing.
    pub fn is_spotless(&self) -> bool {
        self.healthy && self.failures == 0
    }

    /// After a request that failed for the backend's own fault; `retry_after` is what its response asked for.
    #[must_use]
    pub fn after_failure(self, now: Timestamp, class: FailureClass, retry_after: Option<Duration>) -> Self {
        let failed = self.failed(class);
        if let Some(time) = retry_after.filter(|time| !time.is_zero()) {
            return failed.out_for(now, time);
        }
        match failed.availability(now) {
            // Requests that were under way when it was taken out say nothing new.
            Availability::Ejected => failed,
            Availability::Probation => failed.ejected(now),
            // Nothing but another key will mend that.
            Availability::Available if class == FailureClass::Credentials => failed.ejected(now),
            Availability::Available if failed.failures >= TOLERATED_FAILURES => failed.ejected(now),
            Availability::Available => failed,
        }
    }

    /// After a request that got a response.
    #[must_use]
    pub fn after_success(self) -> Self {
        Self {
            healthy: true,
            failures: 0,
            last_failure: None,
            ..self
        }
    }

    /// After a check: the time until the response, or what went wrong.
    ///
    /// A check that fails keeps out who is out, without making the time longer: two checks at once do no harm.
    #[must_use]
    pub fn after_check(self, now: Timestamp, found: Result<Duration, FailureClass>) -> Self {
        let latency_ms = found
            .ok()
            .map(|latency| u64::try_from(latency.as_millis()).unwrap_or(u64::MAX));
        let checked = Self {
            last_check_at: Some(now),
            latency_ms,
            ..self
        };
        match found {
            Ok(_) => checked.after_success(),
            Err(class) if checked.usable(now) => checked.failed(class).ejected(now),
            Err(class) => {
                let time = time_out(checked.ejections);
                checked.failed(class).out_for(now, time)
            }
        }
    }

    fn failed(self, class: FailureClass) -> Self {
        Self {
            failures: self.failures.saturating_add(1),
            last_failure: Some(class),
            ..self
        }
    }

    fn ejected(self, now: Timestamp) -> Self {
        let forgiven_at = self.ejected_until.map(|until| later(until, LONGEST_EJECTION));
        let ejections = if forgiven_at.is_some_and(|at| now < at) {
            self.ejections.saturating_add(1)
        } else {
            1
        };
        Self { ejections, ..self }.out_for(now, time_out(ejections))
    }

    /// Never shortens the time of one who is out already.
    fn out_for(self, now: Timestamp, time: Duration) -> Self {
        let until = later(now, time.min(LONGEST_EJECTION));
        Self {
            healthy: false,
            ejected_until: self.ejected_until.max(Some(until)),
            ..self
        }
    }
}

/// How long the ejection of this number is, counted from 1.
fn time_out(ejections: u32) -> Duration {
    let doublings = ejections.saturating_sub(1).min(10);
    (FIRST_EJECTION * 2_u32.pow(doublings)).min(LONGEST_EJECTION)
}

fn later(time: Timestamp, by: Duration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use FailureClass::{Connect, Credentials, RateLimited};
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000_000 + second).unwrap()
    }

    /// How long `health` is out from `now`, in seconds.
    fn out(health: &Health, now: Timestamp) -> i64 {
        if health.usable(now) {
            0
        } else {
            health.ejected_until.unwrap().as_second() - now.as_second()
        }
    }

    fn failed(mut health: Health, times: u32, now: Timestamp) -> Health {
        for _ in 0..times {
            health = health.after_failure(now, Connect, None);
        }
        health
    }

    #[test]
    fn p53_five_failures_in_a_row_take_a_backend_out_for_half_a_minute() {
        let four = failed(Health::default(), 4, at(0));
        assert_eq!((four.availability(at(0)), four.failures), (Availability::Available, 4));
        assert_eq!(out(&failed(four, 1, at(0)), at(0)), 30);
        let interrupted = failed(four.after_success(), 4, at(0));
        assert_eq!(interrupted.availability(at(0)), Availability::Available);
    }

    #[test]
    fn p53_each_time_out_is_twice_as_long_up_to_five_minutes() {
        let (mut health, mut now) = (failed(Health::default(), 5, at(0)), at(0));
        for expected in [30, 60, 120, 240, 300, 300] {
            assert_eq!(out(&health, now), expected);
            assert_eq!(
                failed(health, 7, now).ejected_until,
                health.ejected_until,
                "stragglers change nothing"
            );
            now = health.ejected_until.unwrap();
            assert_eq!(health.availability(now), Availability::Probation);
            health = failed(health, 1, now);
        }
    }

    #[test]
    fn p53_one_success_lets_it_back_but_one_who_flaps_is_not_forgiven_at_once() {
        let back = failed(Health::default(), 5, at(0)).after_success();
        assert_eq!(back.availability(at(1)), Availability::Available);
        assert_eq!(out(&failed(back, 5, at(1)), at(1)), 60);
        assert_eq!(out(&failed(back, 5, at(30 + 300)), at(330)), 30);
    }

    #[test]
    fn p53_a_failed_check_takes_out_at_once_and_two_at_once_do_no_harm() {
        let once = Health::default().after_check(at(0), Err(Connect));
        assert_eq!((out(&once, at(0)), once.last_check_at), (30, Some(at(0))));
        let twice = once.after_check(at(0), Err(Connect));
        assert_eq!(twice.ejected_until, once.ejected_until);
        let kept_out = once.after_check(at(20), Err(Connect));
        assert_eq!((out(&kept_out, at(20)), kept_out.ejections), (30, 1));
        let back = once.after_check(at(60), Ok(Duration::from_millis(7)));
        assert_eq!(
            (back.availability(at(60)), back.latency_ms, back.last_failure),
            (Availability::Available, Some(7), None)
        );
    }

    #[test]
    fn p52_a_refused_key_takes_out_at_once_and_retry_after_says_for_how_long() {
        assert_eq!(
            out(&Health::default().after_failure(at(0), Credentials, None), at(0)),
            30
        );
        for (seconds, expected) in [(0, 0), (7, 7), (100_000, 300)] {
            let limited = Health::default().after_failure(at(0), RateLimited, Some(Duration::from_secs(seconds)));
            assert_eq!(out(&limited, at(0)), expected);
        }
    }

    #[test]
    fn states_of_before_there_were_ejections_can_be_read() {
        let old: Health = serde_json::from_str(r#"{"healthy":false,"last_check_at":null}"#).unwrap();
        assert_eq!(old.availability(at(0)), Availability::Probation);
        let newer: Health =
            serde_json::from_str(r#"{"healthy":true,"last_failure":"not_invented_yet","x":1}"#).unwrap();
        assert_eq!(newer.last_failure, Some(FailureClass::Other));
    }

    #[derive(Clone, Copy, Debug)]
    enum Finding {
        Failure(Option<u64>),
        Success,
        Check(bool),
    }

    fn finding() -> impl Strategy<Value = Finding> {
        prop_oneof![
            4 => proptest::option::weighted(0.1, 0..1000_u64).prop_map(Finding::Failure),
            1 => Just(Finding::Success),
            1 => any::<bool>().prop_map(Finding::Check),
        ]
    }

    proptest! {
        #[test]
        fn p53_whatever_is_found_nobody_is_out_for_longer_than_five_minutes_or_without_cause(
            findings in proptest::collection::vec((0..400_i64, finding()), 0..60)
        ) {
            let (mut health, mut now) = (Health::default(), 0);
            for (wait, finding) in findings {
                now += wait;
                let (before, succeeded) = (health, matches!(finding, Finding::Success | Finding::Check(true)));
                health = match finding {
                    Finding::Failure(after) => health.after_failure(at(now), Connect, after.map(Duration::from_secs)),
                    Finding::Success => health.after_success(),
                    Finding::Check(true) => health.after_check(at(now), Ok(Duration::ZERO)),
                    Finding::Check(false) => health.after_check(at(now), Err(Connect)),
                };
                prop_assert!(out(&health, at(now)) <= 300);
                prop_assert_eq!(health.availability(at(now)) == Availability::Available, succeeded || (before.healthy && health.healthy));
                if succeeded {
                    prop_assert_eq!(health.failures, 0);
                } else {
                    prop_assert!(health.ejected_until >= before.ejected_until);
                    prop_assert!(health.failures > before.failures);
                }
                if before.healthy && !health.healthy && matches!(finding, Finding::Failure(None)) {
                    prop_assert!(health.failures >= 5);
                }
            }
        }
    }
}
