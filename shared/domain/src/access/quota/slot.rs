//! Counters that one limit has for itself: of a week or all time, of some models, of a key, of a rate with a window of
//! its own.

use super::amounts::{Amounts, PeriodCaps};
use super::bucket::{Frame, WindowBucket};
use super::calendar::Span;
use super::counted::{Counted, CountedAt};
use super::limits::{Level, Limits, Place, Rule};
use super::meter::{Meter, SlotCounter};
use super::moment::Moment;
use super::period::{Calendar, Period};
use super::period_step::{Now, PeriodStep, period};
use super::reservation::StoredReservation;
use super::window::{Rates, WindowStep};
use crate::models::limit::{Measure, Per, Slot, Unit};

/// The change of one limit's own counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotStep {
    pub level: Level,
    pub slot: Slot,
    pub change: SlotChange,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SlotChange {
    /// A counter where there was none.
    Begin(SlotCounter),
    Period(PeriodStep),
    Window(WindowStep),
}

/// The counters of budgets that `meter` has not yet, as they are before a first request.
pub fn beginnings(meter: &Meter, limits: &Limits, moment: Moment) -> Vec<SlotStep> {
    let now = Now {
        moment,
        zone: limits.zone.rules(),
    };
    let budgets = limits.rules.iter().filter(|rule| rule.begins_with_sums());
    let own = budgets.filter_map(|rule| rule.slotted().zip(rule.span()));
    let new = own.filter(|(own, _)| own.counter(meter).is_none());
    new.map(|(own, span)| own.begun(now.calendar(span))).collect()
}

/// A rule's counter, and the rule.
#[derive(Clone, Copy)]
pub(super) struct Slotted<'a> {
    rule: &'a Rule,
    level: Level,
    slot: &'a Slot,
}

impl Rule {
    /// The rule with its own counter, if it has one.
    pub(super) fn slotted(&self) -> Option<Slotted<'_>> {
        let Place::Slot(level, slot) = &self.place else {
            return None;
        };
        let level = *level;
        Some(Slotted {
            rule: self,
            level,
            slot,
        })
    }

    /// The period that it is counted in; of requests at once, one that does not end.
    pub(super) fn span(&self) -> Option<Span> {
        span(self.measure)
    }

    /// The frame of its own window.
    pub(super) fn frame(&self) -> Option<Frame> {
        match self.measure.per()? {
            Per::Seconds(seconds) => Some(Frame::of_seconds(seconds)),
            Per::Day | Per::Week | Per::Month | Per::Total => None,
        }
    }
}

/// The period that is counted in by this measure; `None` for a window.
pub(super) fn span(measure: Measure) -> Option<Span> {
    match measure {
        Measure::Concurrency | Measure::Amount(_, Per::Total) => Some(Span::Total),
        Measure::Amount(_, Per::Day) => Some(Span::Day),
        Measure::Amount(_, Per::Week) => Some(Span::Week),
        Measure::Amount(_, Per::Month) => Some(Span::Month),
        Measure::Amount(_, Per::Seconds(_)) => None,
    }
}

impl Slotted<'_> {
    pub(super) fn counter(self, meter: &Meter) -> Option<&SlotCounter> {
        meter.slot(self.level, self.slot)
    }

    /// The change of the counter by the request, and the place where it is counted then. Of an unknown meter the
    /// counter is taken for one in use.
    pub(super) fn step(self, known: Option<&Meter>, amounts: Amounts, now: Now<'_>) -> (SlotStep, Counted) {
        let before = known.map(|meter| meter.slot(self.level, self.slot));
        let (change, at) = match self.rule.span() {
            Some(span) => self.period_step(before, amounts, now.calendar(span)),
            None => self.window_step(before, amounts, now),
        };
        let step = SlotStep {
            level: self.level,
            slot: self.slot.clone(),
            change,
        };
        let counted = Counted {
            level: self.level,
            slot: self.slot.clone(),
            unit: self.rule.measure.unit(),
            at,
        };
        (step, counted)
    }

    fn period_step(
        self,
        counter: Option<Option<&SlotCounter>>,
        amounts: Amounts,
        calendar: Calendar<'_>,
    ) -> (SlotChange, CountedAt) {
        let unit = self.rule.measure.unit();
        let add = amounts.only(unit);
        let caps = PeriodCaps::of(unit, self.rule.cap());
        let known = counter.map(|counter| match counter {
            Some(SlotCounter::Period(period)) => *period,
            Some(SlotCounter::Window(_)) | None => self.beginning(calendar),
        });
        let step = period(known.as_ref(), calendar, add, caps);
        let at = match self.rule.measure {
            Measure::Concurrency => CountedAt::Live,
            Measure::Amount(..) => CountedAt::Period(step.number()),
        };
        let change = match (counter, known, step) {
            // There is none yet: a count becomes its beginning, if there is room.
            (Some(None), Some(beginning), PeriodStep::Count { caps, .. }) if beginning.has_room(caps) => {
                SlotChange::Begin(SlotCounter::Period(beginning.plus(add)))
            }
            (_, _, step) => SlotChange::Period(step),
        };
        (change, at)
    }

    fn begun(self, calendar: Calendar<'_>) -> SlotStep {
        SlotStep {
            level: self.level,
            slot: self.slot.clone(),
            change: SlotChange::Begin(SlotCounter::Period(self.beginning(calendar))),
        }
    }

    /// The period before the first request that is counted in it.
    pub(super) fn beginning(self, calendar: Calendar<'_>) -> Period {
        calendar.begun(&Period::default(), self.rule.begins_with.only(self.rule.measure.unit()))
    }

    fn window_step(
        self,
        counter: Option<Option<&SlotCounter>>,
        amounts: Amounts,
        now: Now<'_>,
    ) -> (SlotChange, CountedAt) {
        let known = counter.map(|counter| match counter {
            Some(SlotCounter::Window(window)) => Some(window),
            Some(SlotCounter::Period(_)) | None => None,
        });
        let step = self.rates(amounts).step(known, now.moment);
        let at = step.place().map_or(CountedAt::Period(0), CountedAt::Part);
        let change = match step {
            WindowStep::Begin { known: None, window } => SlotChange::Begin(SlotCounter::Window(window)),
            step => SlotChange::Window(step),
        };
        (change, at)
    }

    fn rates(self, amounts: Amounts) -> Rates {
        let unit = self.rule.measure.unit();
        let rate = Some((amounts.of(unit), self.rule.cap()));
        let (requests, tokens) = match unit {
            Unit::Requests => (rate, None),
            Unit::Tokens | Unit::Cost => (None, rate),
        };
        Rates {
            frame: self.rule.frame().unwrap_or(Frame::of_seconds(1)),
            most_gone: 0,
            requests,
            tokens,
        }
    }
}

impl StoredReservation {
    fn counted_by<'a>(&'a self, slotted: Slotted<'_>) -> Option<&'a Counted> {
        let mut counted = self.counted.iter();
        counted.find(|counted| counted.level == slotted.level && counted.slot == *slotted.slot)
    }

    /// True if it is counted in this limit's own counter at such a place.
    pub(super) fn is_counted(&self, slotted: Slotted<'_>, is_there: impl Fn(CountedAt) -> bool) -> bool {
        self.counted_by(slotted).is_some_and(|counted| is_there(counted.at))
    }

    /// The part of this limit's own window that it is counted in.
    pub(super) fn part_of(&self, slotted: Slotted<'_>) -> Option<WindowBucket> {
        match self.counted_by(slotted)?.at {
            CountedAt::Part(part) => Some(part),
            CountedAt::Period(_) | CountedAt::Live => None,
        }
    }
}
