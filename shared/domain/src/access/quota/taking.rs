//! The amounts that a request takes from its user's slices, and those that it lacks.

use jiff::Timestamp;

use super::above::{Above, UpperRule};
use super::amounts::{Amounts, Demand};
use super::calendar::Span;
use super::meter::Meter;
use super::moment::Moment;
use super::period::{Calendar, Period};
use super::slice::{IDLE, Take};
use super::slot::span;
use crate::models::limit::is_among;

/// An upper limit of which a user holds too little, and the amount that is wanted of it.
#[derive(Clone, Debug)]
pub struct Need<'a> {
    pub rule: &'a UpperRule,
    pub amount: i64,
}

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

/// The amounts that a request takes from its user's slices. Slices of an unknown meter are taken for those of now.
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
