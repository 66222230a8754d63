//! What is corrected when a request has ended: what was reserved becomes what was used (promises 42 to 45).

use jiff::Timestamp;

use super::amounts::{Amounts, amount};
use super::bucket::{Frame, WindowBucket};
use super::counted::{Counted, CountedAt};
use super::meter::{Meter, SlotCounter};
use super::reservation::StoredReservation;
use super::slice::Taken;
use super::window::Window;
use crate::models::limit::Unit;
use crate::models::usage::{Outcome, UsageRecord};

/// What a request came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActualUsage {
    /// True if a byte of a backend was passed on. A request that gave nothing gets its daily unit back, but not that of
    /// the rate.
    pub delivered: bool,
    pub tokens: u64,
    /// In millionths of a dollar.
    pub cost: u64,
}

impl ActualUsage {
    /// Of a request that was never made.
    pub const NOTHING: Self = Self {
        delivered: false,
        tokens: 0,
        cost: 0,
    };
}

impl From<&UsageRecord> for ActualUsage {
    fn from(record: &UsageRecord) -> Self {
        Self {
            delivered: record.outcome != Outcome::Failed,
            tokens: record.tokens.total(),
            cost: record.cost.0,
        }
    }
}

/// What is added to the counters that the reservation names, each only while it is the current one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adjustment {
    pub day: Amounts,
    pub month: Amounts,
    /// To the tokens in the window; `None` when they have left it.
    pub tokens: Option<(WindowBucket, i64)>,
    /// To the counters of limits that have one of their own.
    pub slots: Vec<SlotAdjustment>,
    /// The additions to what is left of slices of upper limits.
    pub slices: Vec<SliceAdjustment>,
}

/// The amount that goes back to one slice, while it is of this window; less than nothing if more was used than taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SliceAdjustment {
    pub taken: Taken,
    pub add: i64,
}

/// The amount that is added to the counter of one limit, while it is at this place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotAdjustment {
    pub counted: Counted,
    pub add: i64,
}

/// The corrections for `reservation` at `now`; those of windows that are over in `meter` are left out. Of a meter that
/// was not read, what the reservation names is taken for current.
pub fn correct(
    reservation: &StoredReservation,
    actual: ActualUsage,
    meter: Option<&Meter>,
    now: Timestamp,
) -> Adjustment {
    let reserved = reservation.amounts();
    let given_back = i64::from(!actual.delivered);
    let difference = Amounts {
        requests: -given_back,
        tokens: amount(actual.tokens) - reserved.tokens,
        cost: amount(actual.cost) - reserved.cost,
    };
    let while_current = |is_current: bool| if is_current { difference } else { Amounts::default() };
    let place = reservation
        .place
        .filter(|place| difference.tokens != 0 && is_counted(*place, meter, now));
    Adjustment {
        day: while_current(meter.is_none_or(|meter| meter.day.number == reservation.day)),
        month: while_current(meter.is_none_or(|meter| meter.month.number == reservation.month)),
        tokens: place.map(|place| (place, difference.tokens)),
        slots: slots(&reservation.counted, difference, meter, now),
        slices: slices(&reservation.taken, difference, meter),
    }
}

/// The corrections of the limits' own counters that are still where the reservation was counted.
fn slots(counted: &[Counted], difference: Amounts, meter: Option<&Meter>, now: Timestamp) -> Vec<SlotAdjustment> {
    let adjusted = counted.iter().filter_map(|counted| {
        let add = match (counted.at, counted.unit) {
            // It is under way no longer.
            (CountedAt::Live, _) => -1,
            // A rate of requests is never corrected.
            (CountedAt::Part(_), Unit::Requests) => 0,
            (CountedAt::Part(_) | CountedAt::Period(_), unit) => difference.of(unit),
        };
        let is_there = add != 0 && counted.is_there(meter, now);
        is_there.then(|| SlotAdjustment {
            counted: counted.clone(),
            add,
        })
    });
    adjusted.collect()
}

/// The amounts that go back to slices which are still of the window that the reservation was taken from.
fn slices(taken: &[Taken], difference: Amounts, meter: Option<&Meter>) -> Vec<SliceAdjustment> {
    let adjusted = taken.iter().filter_map(|taken| {
        let add = -difference.of(taken.unit);
        let is_there = |meter: &Meter| {
            meter
                .slice(&taken.slot)
                .is_some_and(|slice| slice.number == taken.number)
        };
        (add != 0 && meter.is_none_or(is_there)).then(|| SliceAdjustment {
            taken: taken.clone(),
            add,
        })
    });
    adjusted.collect()
}

impl Counted {
    /// True if the counter may still be at this place.
    fn is_there(&self, meter: Option<&Meter>, now: Timestamp) -> bool {
        let counter = meter.map(|meter| meter.slot(self.level, &self.slot));
        match (self.at, counter) {
            (CountedAt::Live | CountedAt::Period(_), None) => true,
            (CountedAt::Live, Some(counter)) => counter.is_some(),
            (CountedAt::Period(number), Some(counter)) => {
                matches!(counter, Some(SlotCounter::Period(period)) if period.number == number)
            }
            (CountedAt::Part(place), None) => has_not_left(place, now),
            (CountedAt::Part(place), Some(Some(SlotCounter::Window(window)))) => holds(window, place),
            (CountedAt::Part(_), Some(_)) => false,
        }
    }
}

fn has_not_left(place: WindowBucket, now: Timestamp) -> bool {
    Frame::of_parts(place.part_ms).leaves_at(place.part) > now.as_millisecond()
}

/// True if the tokens of this part are still in the window.
fn holds(window: &Window, place: WindowBucket) -> bool {
    window.part_ms == place.part_ms && window.tokens.parts.contains_key(&place.part)
}

/// True if the tokens may still be in the window. Whoever admits takes parts out that have left.
fn is_counted(place: WindowBucket, meter: Option<&Meter>, now: Timestamp) -> bool {
    let Some(meter) = meter else {
        return has_not_left(place, now);
    };
    meter.window.as_ref().is_some_and(|window| holds(window, place))
}

impl Adjustment {
    /// The reserved and the settled, as they are after both: for a meter that is kept in memory.
    pub fn apply(&self, meter: &mut Meter) {
        for (period, amounts) in [(&mut meter.day, self.day), (&mut meter.month, self.month)] {
            period.requests += amounts.requests;
            period.tokens += amounts.tokens;
            period.cost += amounts.cost;
        }
        if let (Some((place, tokens)), Some(window)) = (self.tokens, &mut meter.window) {
            add_tokens(window, place, tokens);
        }
        for SlotAdjustment { counted, add } in &self.slots {
            let slots = meter.slots_mut(counted.level).as_mut();
            match (slots.and_then(|slots| slots.get_mut(&counted.slot)), counted.at) {
                (Some(SlotCounter::Period(period)), CountedAt::Period(_) | CountedAt::Live) => {
                    *period = period.plus(Amounts::of_unit(counted.unit, *add));
                }
                (Some(SlotCounter::Window(window)), CountedAt::Part(place)) => add_tokens(window, place, *add),
                _ => {}
            }
        }
        for SliceAdjustment { taken, add } in &self.slices {
            let slices = meter.slices.as_mut();
            if let Some(slice) = slices.and_then(|slices| slices.get_mut(&taken.slot)) {
                slice.left += add;
            }
        }
    }
}

fn add_tokens(window: &mut Window, place: WindowBucket, tokens: i64) {
    if let Some(count) = window.tokens.parts.get_mut(&place.part) {
        *count += tokens;
        window.tokens.sum += tokens;
    }
}
