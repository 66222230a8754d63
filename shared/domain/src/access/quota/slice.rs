//! Slices: what a user holds of the limits of the accounts above, to spend without asking them again (promises 112 and 114).
//!
//! Each upper limit counts what it has given out: slices that are left, reservations, and what was used. So an admission
//! looks at the user's meter alone, and no sum over many users is needed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::above::{Above, UpperRule};
use super::amounts::{Amounts, Demand};
use super::calendar::Span;
use super::meter::Meter;
use super::moment::Moment;
use super::owner::Owner;
use super::period::{Calendar, Period};
use super::slot::span;
use crate::models::limit::{Slot, Unit, is_among};

/// What a user holds of one upper limit in one window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    /// The number of the window, as the owner's counter has it.
    #[serde(rename = "n")]
    pub number: i32,
    /// The second since 1970 at which the window is over.
    #[serde(rename = "e")]
    pub ends: i64,
    /// What is neither used nor reserved. Less than nothing if a request used more than it had reserved.
    #[serde(rename = "l")]
    pub left: i64,
    #[serde(rename = "o")]
    pub owner: Owner,
    /// The size of the last loan, and its second since 1970.
    #[serde(rename = "s")]
    pub loan: i64,
    #[serde(rename = "t")]
    pub lent_at: i64,
}

/// The amount that a request takes from a slice of this window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Take {
    pub slot: Slot,
    pub unit: Unit,
    pub number: i32,
    pub amount: i64,
}

/// The slice that a reservation was taken from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    pub slot: Slot,
    pub unit: Unit,
    pub number: i32,
}

/// An upper limit of which a user holds too little, and the amount that is wanted of it.
#[derive(Clone, Debug)]
pub struct Need<'a> {
    pub rule: &'a UpperRule,
    pub amount: i64,
}

impl Take {
    pub(super) fn taken(&self) -> Taken {
        Taken {
            slot: self.slot.clone(),
            unit: self.unit,
            number: self.number,
        }
    }
}

impl Slice {
    fn is_running(&self, now: Timestamp) -> bool {
        self.ends > now.as_second()
    }
}

/// How long slices stay where they are while nobody uses them, in seconds.
pub const IDLE: i64 = 5 * 60;

impl Meter {
    /// The second since 1970 from which on nobody will have used the slices for a while; `None` without slices.
    pub fn idle_at(&self) -> Option<i64> {
        let used_at = self.used_at.unwrap_or_default();
        self.slices.as_ref().map(|_| used_at.saturating_add(IDLE))
    }

    /// True if slices go back: unused for a while, with nothing under way.
    pub fn is_idle(&self, now: Timestamp) -> bool {
        self.reservations.is_empty() && self.idle_at().is_some_and(|at| at <= now.as_second())
    }
}

/// What a request takes from its user's slices. Of a meter that is not known they are taken for those of now.
pub(super) fn takes(known: Option<&Meter>, above: &Above, amounts: Amounts, now: Moment) -> Vec<Take> {
    let take = |rule: &UpperRule| {
        let slice = known.and_then(|meter| meter.slice(&rule.slot));
        let unit = rule.measure.unit();
        Take {
            slot: rule.slot.clone(),
            unit,
            number: slice.map_or_else(|| rule.calendar(now).number(), |slice| slice.number),
            amount: amounts.of(unit),
        }
    };
    above.rules.iter().map(take).collect()
}

/// The upper limits of which `meter` holds too little for a request at `now`.
pub fn needs<'a>(meter: &Meter, above: &'a Above, demand: Demand, now: Timestamp) -> Vec<Need<'a>> {
    let amounts = demand.amounts();
    let need = |rule: &'a UpperRule| Need {
        rule,
        amount: amounts.of(rule.measure.unit()),
    };
    let lacks = |need: &Need<'_>| {
        let slice = meter.slice(&need.rule.slot).filter(|slice| slice.is_running(now));
        slice.is_none_or(|slice| slice.left < need.amount)
    };
    above.rules.iter().map(need).filter(lacks).collect()
}

impl UpperRule {
    /// The counter of a limit that is new, of which so much was used already.
    pub fn begun(&self, used: Amounts, now: Timestamp) -> Period {
        let used = used.only(self.measure.unit());
        self.calendar(now.into()).begun(&Period::default(), used)
    }

    /// True if requests for the model `id` are counted.
    pub fn is_for(&self, id: &str) -> bool {
        is_among(self.name.models(), id)
    }

    /// The moment at which the window began that `now` lies in.
    pub fn begins_at(&self, now: Timestamp) -> Timestamp {
        let Calendar { span, zone, .. } = self.calendar(now.into());
        span.begins(span.number(now, zone), zone)
    }

    pub(super) fn calendar(&self, now: Moment) -> Calendar<'_> {
        Calendar {
            span: span(self.measure).unwrap_or(Span::Total),
            zone: self.zone.rules(),
            now,
        }
    }
}
