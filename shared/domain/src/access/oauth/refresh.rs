//! The worth of a refresh token when it is presented.

use jiff::{SignedDuration, Timestamp};

/// Within so long a rotated token that comes again is a program's that has not got the answer, or of two processes that
/// have asked at once: both get the same. Later somebody else has it.
pub const REPLAY: SignedDuration = SignedDuration::from_secs(60);

/// The meaning of a rotating refresh token that is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presented {
    /// It is good, and used up by this.
    First,
    /// It gets the answer again that it got.
    Again,
    /// Two have it, and one of them should not: the sign-in ends (RFC 9700 §4.14.2).
    Reused,
}

/// Judges a token at `now` that was presented at `used_at`, if ever.
pub fn judge(used_at: Option<Timestamp>, now: Timestamp) -> Presented {
    match used_at {
        None => Presented::First,
        Some(used_at) if now.duration_since(used_at) < REPLAY => Presented::Again,
        Some(_) => Presented::Reused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t5_t7_a_rotated_token_is_repeated_for_a_minute_and_reused_afterwards() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        assert_eq!(judge(None, at(0)), Presented::First);
        for (now, presented) in [
            (100, Presented::Again),
            (159, Presented::Again),
            (160, Presented::Reused),
            (9_999, Presented::Reused),
            // A clock that is behind the one that has written it.
            (90, Presented::Again),
        ] {
            assert_eq!(judge(Some(at(100)), at(now)), presented, "at {now}");
        }
    }
}
