//! The judgement whether a kept token is handed out, or a new one is fetched first.

use jiff::{SignedDuration, Timestamp};

/// The least life of a token that is handed out: a shorter one would end on its way.
const MARGIN: SignedDuration = SignedDuration::from_secs(60);
/// Programs keep a token for minutes. Who asks again so soon was refused with what it got.
const SUSPICION: SignedDuration = SignedDuration::from_secs(15);

/// The times of a kept token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) obtained: Timestamp,
    pub(crate) expires: Timestamp,
    /// The moment at which it was last handed out.
    pub(crate) handed: Option<Timestamp>,
}

/// The worth of a kept token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Freshness {
    Good,
    /// It will not live long, or has ended.
    Ending,
    /// The gateway may have refused it.
    Suspect,
}

impl Times {
    /// Judges the token at `now` for a process that began at `began`. One that another process has fetched since then is
    /// good: of several that ask at once one fetches.
    pub(crate) fn judge(&self, began: Timestamp, now: Timestamp) -> Freshness {
        let asked_just_before = |handed: Timestamp| began.duration_since(handed).abs() < SUSPICION;
        if self.obtained >= began {
            Freshness::Good
        } else if self.handed.is_some_and(asked_just_before) {
            Freshness::Suspect
        } else if self.expires.duration_since(now) < MARGIN {
            Freshness::Ending
        } else {
            Freshness::Good
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000 + second).unwrap()
    }

    fn times(obtained: i64, expires: i64, handed: Option<i64>) -> Times {
        Times {
            obtained: at(obtained),
            expires: at(expires),
            handed: handed.map(at),
        }
    }

    fn judge(token: Times, began: i64, now: i64) -> Freshness {
        token.judge(at(began), at(now))
    }

    #[test]
    fn a_token_is_handed_out_until_a_minute_before_its_end() {
        let token = times(0, 3600, None);
        for (now, freshness) in [
            (1, Freshness::Good),
            (3540, Freshness::Good),
            (3541, Freshness::Ending),
            (9999, Freshness::Ending),
        ] {
            assert_eq!(judge(token, now, now), freshness, "at {now}");
        }
    }

    #[test]
    fn who_asks_again_within_15_seconds_was_refused_and_gets_another() {
        let token = times(0, 3600, Some(100));
        for (now, freshness) in [
            (100, Freshness::Suspect),
            (114, Freshness::Suspect),
            (115, Freshness::Good),
        ] {
            assert_eq!(judge(token, now, now), freshness, "at {now}");
        }
    }

    #[test]
    fn of_processes_that_ask_at_once_one_fetches() {
        // Began at 50, waited for the lock until 52, while another has fetched and handed out at 51.
        let fetched = times(51, 3651, Some(51));
        assert_eq!(judge(fetched, 50, 52), Freshness::Good);
        assert_eq!(judge(fetched, 52, 52), Freshness::Suspect, "this one came later");
        assert_eq!(
            judge(times(51, 81, Some(51)), 50, 52),
            Freshness::Good,
            "a new one would live no longer"
        );
    }
}
