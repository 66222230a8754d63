//! The pace at which a program may ask whether its person has decided (RFC 8628 §3.5).

use jiff::{SignedDuration, Timestamp};

/// Seconds between two questions, at first and as each hasty one adds.
pub const INTERVAL_SECONDS: u32 = 5;

/// A question at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// It came too soon.
    pub is_hasty: bool,
    /// Seconds that must pass before the next one.
    pub interval: u32,
}

impl Question {
    /// A question at `now`, `interval` seconds after `last` at the soonest.
    pub fn judge(interval: u32, last: Option<Timestamp>, now: Timestamp) -> Self {
        let pause = SignedDuration::from_secs(i64::from(interval));
        let is_hasty = last.is_some_and(|last| now.duration_since(last) < pause);
        let more = if is_hasty { INTERVAL_SECONDS } else { 0 };
        Self {
            is_hasty,
            interval: interval + more,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v2_each_hasty_question_makes_the_pause_longer() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let (mut interval, mut last) = (INTERVAL_SECONDS, None);
        for (second, is_hasty, after) in [
            (0, false, 5),
            (5, false, 5),
            (9, true, 10),
            (18, true, 15),
            (33, false, 15),
        ] {
            let question = Question::judge(interval, last, at(second));
            let expected = Question {
                is_hasty,
                interval: after,
            };
            assert_eq!(question, expected, "at {second}");
            (interval, last) = (after, Some(at(second)));
        }
    }
}
