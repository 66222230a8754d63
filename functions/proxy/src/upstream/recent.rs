//! A count of what happened in the last minutes.

use jiff::Timestamp;

/// Seconds after which an event counts for 1/e.
const MEMORY: f64 = 300.0;

/// Events, each of which counts for less the longer ago it was.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Recent {
    count: f64,
    at: Timestamp,
}

impl Recent {
    /// The count as it is at `now`.
    pub(super) fn count(&self, now: Timestamp) -> f64 {
        let age = now.duration_since(self.at).as_secs_f64().max(0.0);
        self.count * (-age / MEMORY).exp()
    }

    pub(super) fn add(&mut self, now: Timestamp) {
        *self = Self {
            count: self.count(now) + 1.0,
            at: now,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_ago_counts_for_less() {
        let at = |second: i64| Timestamp::from_second(1_000_000_000 + second).unwrap();
        let mut recent = Recent::default();
        assert!(recent.count(at(0)) < f64::EPSILON);
        recent.add(at(0));
        recent.add(at(0));
        assert!((recent.count(at(0)) - 2.0).abs() < 1e-9);
        assert!((0.7..0.8).contains(&recent.count(at(300))));
        recent.add(at(3600));
        assert!((recent.count(at(3600)) - 1.0).abs() < 0.01);
        assert!(recent.count(at(0)) <= 1.01, "a clock that was set back");
    }
}
