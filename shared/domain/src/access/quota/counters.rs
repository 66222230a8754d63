//! A meter's counters as they stand at one moment, limit by limit.

use jiff::Timestamp;

use super::amounts::{Amounts, amount};
use super::bucket::{Frame, WindowBucket};
use super::calendar::Span;
use super::counted::CountedAt;
use super::limits::{Limits, Place, Rule};
use super::meter::{Meter, SlotCounter};
use super::moment::Moment;
use super::period::{Calendar, Period};
use super::reservation::StoredReservation;
use super::slot::Slotted;
use super::tally::Tally;
use super::window::Window;
use crate::models::limit::{Measure, Unit};

/// A limit with the amounts that it is about, before they are shown.
pub(super) struct Count<'a> {
    pub(super) rule: &'a Rule,
    pub(super) used: i64,
    /// The part of `used` that requests under way may give back.
    pub(super) reserved: i64,
    /// The moment at which the last of these requests is settled at the latest; `None` if nothing is reserved.
    pub(super) settled_by: Option<Timestamp>,
    pub(super) add: i64,
    pub(super) until: Until,
}

/// The end of the time for which what is counted counts.
pub(super) enum Until {
    Leaves(Tally, Frame),
    /// The end and the number of a day, week or month.
    Ends {
        at: Timestamp,
        number: i32,
    },
    Settled,
}

/// The amounts of a limit: what is used, the part of it that is reserved; and until when they count.
type Counted = (i64, i64, Until);

/// A meter as its counters stand at one moment.
pub(super) struct Counters<'a> {
    limits: &'a Limits,
    meter: &'a Meter,
    add: Amounts,
    now: Moment,
    /// Reservations that have not expired.
    live: Vec<&'a StoredReservation>,
    /// The moment at which the last of them expires.
    settled_by: Option<Timestamp>,
}

impl<'a> Counters<'a> {
    pub(super) fn at(now: Moment, meter: &'a Meter, limits: &'a Limits, add: Amounts) -> Self {
        let reservations = meter.reservations.values();
        let live: Vec<&StoredReservation> = reservations.filter(|found| !found.has_expired(now.at)).collect();
        let last = live.iter().map(|reservation| reservation.expires_at).max();
        Self {
            limits,
            meter,
            add,
            now,
            live,
            settled_by: last.and_then(|second| Timestamp::from_second(second).ok()),
        }
    }

    /// Each of the limits.
    pub(super) fn counts(&self) -> impl Iterator<Item = Count<'_>> {
        self.limits.rules.iter().map(|rule| self.count(rule))
    }

    fn count<'r>(&self, rule: &'r Rule) -> Count<'r> {
        let (used, reserved, until) = match &rule.place {
            Place::Live => (amount(self.live.len() as u64), 0, Until::Settled),
            Place::Day => self.period(rule, self.calendar(Span::Day), self.meter.day, |reservation, number| {
                reservation.day == number
            }),
            Place::Month => self.period(
                rule,
                self.calendar(Span::Month),
                self.meter.month,
                |reservation, number| reservation.month == number,
            ),
            Place::Window => {
                let frame = Frame::of_seconds(self.limits.window_seconds);
                self.window(rule, frame, self.meter.window.as_ref(), |reservation| reservation.place)
            }
            Place::Slot(..) => self.slot(rule),
        };
        Count {
            rule,
            used,
            reserved,
            settled_by: self.settled_by.filter(|_| reserved > 0),
            add: self.add.of(rule.measure.unit()),
            until,
        }
    }

    fn calendar(&self, span: Span) -> Calendar<'a> {
        Calendar {
            span,
            zone: self.limits.zone.rules(),
            now: self.now,
        }
    }

    /// The count of a limit with a counter of its own.
    fn slot(&self, rule: &Rule) -> Counted {
        let Some(slotted) = rule.slotted() else {
            return (0, 0, Until::Settled);
        };
        let counter = slotted.counter(self.meter);
        if let Some(span) = rule.span() {
            return self.slot_period(rule, (slotted, span), counter);
        }
        let window = match counter {
            Some(SlotCounter::Window(window)) => Some(window),
            Some(SlotCounter::Period(_)) | None => None,
        };
        let frame = rule.frame().unwrap_or(Frame::of_seconds(1));
        self.window(rule, frame, window, |reservation| reservation.part_of(slotted))
    }

    fn slot_period(&self, rule: &Rule, (slotted, span): (Slotted<'_>, Span), counter: Option<&SlotCounter>) -> Counted {
        let calendar = self.calendar(span);
        let known = match counter {
            Some(SlotCounter::Period(period)) => *period,
            Some(SlotCounter::Window(_)) | None => slotted.beginning(calendar),
        };
        let period = self.period(rule, calendar, known, |reservation, number| {
            reservation.is_counted(slotted, |at| at == CountedAt::Period(number))
        });
        if rule.measure == Measure::Concurrency {
            (period.0, 0, Until::Settled)
        } else {
            period
        }
    }

    fn period(
        &self,
        rule: &Rule,
        calendar: Calendar<'_>,
        known: Period,
        is_of: impl Fn(&StoredReservation, i32) -> bool,
    ) -> Counted {
        let unit = rule.measure.unit();
        let (period, ends) = calendar.current(known);
        let reserved = self.reserved(unit, |reservation| is_of(reservation, period.number));
        let until = Until::Ends {
            at: ends,
            number: period.number,
        };
        (period.amounts().of(unit), reserved, until)
    }

    fn window(
        &self,
        rule: &Rule,
        frame: Frame,
        known: Option<&Window>,
        place: impl Fn(&StoredReservation) -> Option<WindowBucket>,
    ) -> Counted {
        let (unit, now_ms) = (rule.measure.unit(), self.now.at_ms());
        let window = known.map(|window| window.seen(frame, self.now)).unwrap_or_default();
        let is_in_window = |place: WindowBucket| {
            place.part_ms == frame.part_ms
                && frame.leaves_at(place.part) > now_ms
                && window.tokens.parts.contains_key(&place.part)
        };
        let reserved = self.reserved(unit, |reservation| place(reservation).is_some_and(is_in_window));
        let tally = window.into_tally(unit);
        (tally.counted(frame, now_ms), reserved, Until::Leaves(tally, frame))
    }

    /// The amount that requests under way may give back; of requests nothing: each counts once it is sent.
    fn reserved(&self, unit: Unit, is_counted: impl Fn(&StoredReservation) -> bool) -> i64 {
        if unit == Unit::Requests {
            return 0;
        }
        let counted = self.live.iter().filter(|reservation| is_counted(reservation));
        counted.fold(0, |sum: i64, reservation| {
            sum.saturating_add(reservation.amounts().of(unit))
        })
    }
}

impl Until {
    /// The moment from which on at most `rest` is counted.
    pub(super) fn falls_to(&self, rest: i64, now: Timestamp) -> Timestamp {
        match self {
            Self::Leaves(tally, frame) => {
                Timestamp::from_millisecond(tally.falls_to(rest, *frame, now.as_millisecond()))
                    .unwrap_or(Timestamp::MAX)
            }
            Self::Ends { at, .. } => *at,
            Self::Settled => now,
        }
    }
}
