//! One more request in a day, a week or a month: which one it is counted in, and under which conditions.

use jiff::tz::TimeZone;

use super::amounts::{Amounts, PeriodCaps};
use super::calendar::Span;
use super::moment::Moment;
use super::period::{Calendar, Period};

/// The change of the counters of a day or a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeriodStep {
    /// To be added, while it is this one and not over, to counters that are at most the caps.
    Count {
        number: i32,
        /// The second since 1970 at which the request is counted.
        now: i64,
        add: Amounts,
        caps: PeriodCaps,
    },
    /// A new one, in the place of one with a lower number.
    Begin(Period),
    /// A new one, in the place of the one with the number `known`.
    Replace { known: i32, period: Period },
}

/// The moment at which a request is counted, and the clock.
#[derive(Clone, Copy)]
pub(super) struct Now<'a> {
    pub(super) moment: Moment,
    pub(super) zone: &'a TimeZone,
}

impl<'a> Now<'a> {
    pub(super) fn calendar(self, span: Span) -> Calendar<'a> {
        Calendar {
            span,
            zone: self.zone,
            now: self.moment,
        }
    }
}

/// A period never goes back when a clock is behind the meter, unless it was begun by one that was far ahead and has no
/// room. One that the amounts alone are too much for is not begun: it would have to be refused.
pub(super) fn period(known: Option<&Period>, calendar: Calendar<'_>, add: Amounts, limits: PeriodCaps) -> PeriodStep {
    let caps = PeriodCaps {
        requests: limits.requests.map(|limit| limit - add.requests),
        tokens: limits.tokens.map(|limit| limit - add.tokens),
        cost: limits.cost.map(|limit| limit - add.cost),
    };
    let count = |number| PeriodStep::Count {
        number,
        now: calendar.now.at.as_second(),
        add,
        caps,
    };
    let Some(known) = known else {
        return count(calendar.number());
    };
    let counts = calendar.is_running(known) && (known.has_room(caps) || !calendar.is_of_the_future(known));
    if counts || !Period::default().has_room(caps) {
        return count(known.number);
    }
    let period = calendar.begun(known, add);
    if known.number < period.number {
        PeriodStep::Begin(period)
    } else {
        PeriodStep::Replace {
            known: known.number,
            period,
        }
    }
}

impl PeriodStep {
    pub fn number(&self) -> i32 {
        match self {
            Self::Count { number, .. } => *number,
            Self::Begin(period) | Self::Replace { period, .. } => period.number,
        }
    }
}
