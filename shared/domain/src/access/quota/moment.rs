//! The time of a request, and what time cannot have counted.

use jiff::{SignedDuration, Timestamp};

/// Time by which the clocks of processes may differ: what lies further ahead is the work of a clock that was wrong.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(10);

/// The moment at which a request is counted, and the present: others may have gone on meanwhile.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    pub at: Timestamp,
    pub present: Timestamp,
}

impl Moment {
    pub(super) fn at_ms(self) -> i64 {
        self.at.as_millisecond()
    }

    /// The latest moment, in milliseconds since 1970, at which a clock that is right may have counted.
    pub(super) fn latest_ms(self) -> i64 {
        self.present.as_millisecond() + CLOCK_TOLERANCE.as_secs() * 1000
    }
}

impl From<Timestamp> for Moment {
    fn from(now: Timestamp) -> Self {
        Self { at: now, present: now }
    }
}
