//! Whose requests succeeded and failed at a backend lately, as one process has seen it. Pure; never stored.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use jiff::Timestamp;

use super::super::UserId;

/// A success of another caller within this time makes the failures of a single caller that caller's own (HA14).
const OTHERS_SUCCESS: Duration = Duration::from_mins(1);

/// A caller, as far as callers need to be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallerMark(u64);

impl From<&UserId> for CallerMark {
    fn from(user: &UserId) -> Self {
        let mut hasher = DefaultHasher::new();
        user.hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// The latest success of each of the two callers that succeeded last, and who has failed since.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    latest: Option<(CallerMark, Timestamp)>,
    /// Of another caller than `latest`.
    earlier: Option<(CallerMark, Timestamp)>,
    failing: Failing,
}

/// The callers of the failures since the last success.
#[derive(Clone, Copy, Debug, Default)]
enum Failing {
    #[default]
    Nobody,
    One(CallerMark),
    Several,
}

impl Evidence {
    pub fn add_success(&mut self, caller: CallerMark, now: Timestamp) {
        self.failing = Failing::Nobody;
        if self.latest.is_some_and(|(known, _)| known != caller) {
            self.earlier = self.latest;
        }
        self.latest = Some((caller, now));
    }

    /// Adds a failure. True if the failures since the last success say something about the backend: they are of at
    /// least two callers, or no other caller succeeded within a minute (HA14).
    pub fn add_failure(&mut self, caller: CallerMark, now: Timestamp) -> bool {
        self.failing = match self.failing {
            Failing::Nobody => Failing::One(caller),
            Failing::One(known) if known == caller => Failing::One(caller),
            Failing::One(_) | Failing::Several => Failing::Several,
        };
        matches!(self.failing, Failing::Several) || !self.another_succeeded(caller, now)
    }

    fn another_succeeded(&self, caller: CallerMark, now: Timestamp) -> bool {
        let is_another = |success: &(CallerMark, Timestamp)| {
            let age = Duration::try_from(now.duration_since(success.1)).unwrap_or_default();
            success.0 != caller && age < OTHERS_SUCCESS
        };
        [self.latest, self.earlier].iter().flatten().any(is_another)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000_000 + second).unwrap()
    }

    #[test]
    fn ha14_failures_count_of_two_callers_or_where_no_other_caller_succeeded_within_a_minute() {
        let [a, b] = [CallerMark(1), CallerMark(2)];
        // Successes and failures as (caller, second, succeeded), and if the last failure counts.
        for (events, counts) in [
            (vec![(a, 0, false)], true),
            (vec![(a, 0, true), (a, 1, false)], true),
            (vec![(b, 0, true), (a, 1, false)], false),
            (vec![(b, 0, true), (a, 59, false)], false),
            (vec![(b, 0, true), (a, 60, false)], true),
            (vec![(b, 0, true), (a, 1, true), (a, 2, false)], false),
            (vec![(b, 0, true), (a, 1, true), (a, 1, true), (a, 2, false)], false),
            (vec![(b, 0, true), (a, 1, false), (b, 2, false)], true),
            (vec![(b, 0, true), (a, 1, false), (b, 2, false), (a, 3, false)], true),
            (vec![(a, 1, false), (b, 2, false), (b, 3, true), (a, 4, false)], false),
        ] {
            let mut evidence = Evidence::default();
            let mut last = None;
            for (caller, second, succeeded) in &events {
                if *succeeded {
                    evidence.add_success(*caller, at(*second));
                } else {
                    last = Some(evidence.add_failure(*caller, at(*second)));
                }
            }
            assert_eq!(last, Some(counts), "{events:?}");
        }
    }
}
