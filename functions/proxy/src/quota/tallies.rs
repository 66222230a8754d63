//! Counts without a record each, of a process that Lambda may freeze between two requests: refused requests, and what
//! policies in shadow mode would have refused.
//!
//! They are kept in memory and written together, once a minute at most, whoever is refused how often. The first one
//! after a minute without is written at once; what a process has not written when it ends is not counted.

use std::mem;

use domain::models::rollup::Rollup;
use domain::models::shadow::Finding;
use jiff::{SignedDuration, Timestamp};
use service::store::UsageBatch;

/// Least time between two writes.
const INTERVAL: SignedDuration = SignedDuration::from_secs(60);

#[derive(Debug, Default)]
pub(super) struct Tallies {
    waiting: UsageBatch,
    /// Counts that found no room.
    lost: u64,
    written_at: Option<Timestamp>,
}

impl Tallies {
    pub(super) fn refuse(&mut self, row: Rollup) {
        if self.waiting.has_room() {
            self.waiting.add_sums(row);
        } else {
            self.lost += 1;
        }
    }

    pub(super) fn find(&mut self, finding: Finding) {
        if self.waiting.has_room() {
            self.waiting.add_finding(finding);
        } else {
            self.lost += 1;
        }
    }

    /// Takes the counts that are to be written at `now`; `None` if it is not time, or nothing is counted.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Option<UsageBatch> {
        let is_due = self.written_at.is_none_or(|at| at + INTERVAL <= now);
        if !is_due || self.waiting.is_empty() {
            return None;
        }
        self.written_at = Some(now);
        let lost = mem::take(&mut self.lost);
        if lost > 0 {
            tracing::warn!(lost, "refusals of more callers than are counted in a minute");
        }
        Some(mem::take(&mut self.waiting))
    }
}

#[cfg(test)]
mod tests {
    use domain::models::refusal_reason::RefusalReason;
    use domain::models::rollup::Dimensions;
    use domain::models::sums::Sums;
    use domain::models::{KeyId, UserId};
    use jiff::civil::Date;

    use super::*;

    fn row(user: &str) -> Rollup {
        let of = Dimensions {
            day: Date::ZERO,
            from_hour: None,
            user: UserId::parse(user).unwrap(),
            key: KeyId::parse("k").unwrap(),
            department: None,
            model: None,
            backend: None,
        };
        let sums = Sums::of_refusal(RefusalReason::InsufficientQuota);
        Rollup::one(of, None, Timestamp::UNIX_EPOCH, sums)
    }

    #[test]
    fn g13_refusals_are_written_once_a_minute_however_many_there_are() {
        let second = |second| Timestamp::from_second(second).unwrap();
        let mut tallies = Tallies::default();
        let mut writes = Vec::new();
        for number in 0..6000 {
            tallies.refuse(row(["ann", "bob"][number % 2]));
            let now = second(i64::try_from(number / 50).unwrap());
            writes.extend(tallies.take_due(now).map(|_| now));
        }
        assert_eq!(writes, [second(0), second(60)]);
        assert!(tallies.take_due(second(119)).is_none());
        assert!(tallies.take_due(second(120)).is_some() && tallies.take_due(second(200)).is_none());
    }

    #[test]
    fn g13_a_crowd_takes_no_more_than_one_transaction() {
        let mut tallies = Tallies::default();
        for number in 0..1000 {
            tallies.refuse(row(&format!("u{number}")));
        }
        assert!(!tallies.waiting.has_room());
        assert!((1..1000).contains(&tallies.lost), "{}", tallies.lost);
    }
}
