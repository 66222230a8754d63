//! The counters of one day or month, and which of them is counted in.
//!
//! A period that has begun runs to the end that it began with, so another time zone of the policy neither gives a
//! second day nor makes one longer; the next one begins by the new zone.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::amounts::{Amounts, PeriodCaps};
use super::calendar::Span;
use super::moment::Moment;
use crate::models::limit::Unit;

/// The addition to the number of a period for each time that its date was in use before, so that a reservation of the
/// earlier one is not settled in it.
const AGAIN: i32 = 100_000_000;
/// Times of a date that fit in the number.
const MOST_AGAIN: i32 = 20;

/// The counters of one day or month: settled and reserved together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// The number of the day or month: 20261123, 202611.
    #[serde(rename = "n")]
    pub number: i32,
    #[serde(rename = "q")]
    pub requests: i64,
    #[serde(rename = "t")]
    pub tokens: i64,
    /// In millionths of a dollar.
    #[serde(rename = "c")]
    pub cost: i64,
    /// The second since 1970 at which it is over, by the zone that it began with; absent from meters of before.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<i64>,
}

/// A kind of period by the clock of one zone at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calendar<'a> {
    pub(super) span: Span,
    pub(super) zone: &'a TimeZone,
    pub(super) now: Moment,
}

impl Calendar<'_> {
    /// The number of the present period.
    pub(super) fn number(&self) -> i32 {
        self.span.number(self.now.at, self.zone)
    }

    /// The present period after `known`, in which nothing but `amounts` was used.
    pub(super) fn begun(&self, known: &Period, amounts: Amounts) -> Period {
        let number = self.number();
        let again = if number > known.date() {
            0
        } else {
            (known.number / AGAIN + 1) % MOST_AGAIN
        };
        Period {
            number: number + again * AGAIN,
            requests: amounts.requests,
            tokens: amounts.tokens,
            cost: amounts.cost,
            ends: Some(self.span.ends(number, self.zone).as_second()),
        }
    }

    /// True if `known` is not over.
    pub(super) fn is_running(&self, known: &Period) -> bool {
        self.now.at.as_second() < self.ends(known)
    }

    /// True if `known` was begun by a clock that was wrong.
    pub(super) fn is_of_the_future(&self, known: &Period) -> bool {
        let date = known.date();
        // The zone that it began with is as far from this one as its end is.
        let shift = self.ends(known) - self.span.ends(date, self.zone).as_second();
        let begins = self.span.begins(date, self.zone).as_second().saturating_add(shift);
        begins.saturating_mul(1000) > self.now.latest_ms()
    }

    /// The counters as they stand now, of a period that may not have begun yet, and its end.
    pub(super) fn current(&self, known: Period) -> (Period, Timestamp) {
        let period = if self.is_running(&known) && !self.is_of_the_future(&known) {
            known
        } else {
            self.begun(&known, Amounts::default())
        };
        // All time ends never, which is no whole second.
        let ends = Some(self.ends(&period)).filter(|ends| *ends < Timestamp::MAX.as_second());
        let end = ends.and_then(|ends| Timestamp::from_second(ends).ok());
        (period, end.unwrap_or(Timestamp::MAX))
    }

    fn ends(&self, period: &Period) -> i64 {
        let by_this_zone = || self.span.ends(period.date(), self.zone).as_second();
        period.ends.unwrap_or_else(by_this_zone)
    }
}

impl Period {
    /// The number without what tells it from an earlier one of the same date.
    fn date(&self) -> i32 {
        self.number % AGAIN
    }

    /// The same with so much more.
    pub(super) fn plus(self, add: Amounts) -> Self {
        Self {
            requests: self.requests.saturating_add(add.requests),
            tokens: self.tokens.saturating_add(add.tokens),
            cost: self.cost.saturating_add(add.cost),
            ..self
        }
    }

    /// The same with the amount of one unit as in `amounts`.
    pub(super) fn with(self, unit: Unit, amounts: Amounts) -> Self {
        self.plus(Amounts::of_unit(unit, amounts.of(unit) - self.amounts().of(unit)))
    }

    pub(super) fn amounts(&self) -> Amounts {
        Amounts {
            requests: self.requests,
            tokens: self.tokens,
            cost: self.cost,
        }
    }

    /// True if so much is left as the caps demand.
    pub(super) fn has_room(&self, caps: PeriodCaps) -> bool {
        let pairs = [
            (self.requests, caps.requests),
            (self.tokens, caps.tokens),
            (self.cost, caps.cost),
        ];
        pairs.iter().all(|(used, cap)| cap.is_none_or(|cap| *used <= cap))
    }
}
