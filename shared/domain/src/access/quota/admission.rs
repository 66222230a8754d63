//! One more request, as a change of the meter with the conditions under which it may be made (promises 40 and 41).

use jiff::Timestamp;

use super::amounts::{Amounts, Demand, PeriodCaps, amount};
use super::bucket::{Frame, WindowBucket};
use super::calendar::Span;
use super::counted::Counted;
use super::limits::{Limits, Place, Rule};
use super::meter::Meter;
use super::moment::Moment;
use super::period_step::{Now, PeriodStep, period};
use super::reservation::{StoredFacts, StoredReservation};
use super::slice::Take;
use super::slot::SlotStep;
use super::taking::takes;
use super::window::{Rates, WindowStep};
use crate::models::UsageId;
use crate::models::limit::Unit;

/// Of the expired reservations, so many are taken off the live ones: a condition has to name each.
const EXPIRED_KNOWN: usize = 64;
/// So many parts are taken out of the window of both rates one by one at most, of both tallies together: each is two of
/// the 300 operators that a condition may have. Beyond that the whole window is replaced, which is one.
const TAKEN_OUT_AT_ONCE: usize = 40;
/// A counter of a limit's own takes as much room of a condition as so many expired reservations, and so many parts.
const ROOM_OF_A_SLOT: (usize, usize) = (4, 2);

/// A request for one more unit.
#[derive(Clone, Copy, Debug)]
pub struct AdmissionRequest<'a> {
    pub limits: &'a Limits,
    pub demand: Demand,
    pub facts: &'a StoredFacts,
    pub now: Timestamp,
    /// When the reservation is to expire, in seconds since 1970.
    pub expires_at: i64,
}

/// What one update does to the meter, and what it expects to find. It never expects less than the limits demand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub window: WindowStep,
    pub day: PeriodStep,
    pub month: PeriodStep,
    /// The counters of limits that have one of their own.
    pub slots: Vec<SlotStep>,
    /// The amounts that are taken from slices of upper limits.
    pub takes: Vec<Take>,
    /// The second since 1970 at which it is taken.
    pub taken_at: i64,
    pub live: Option<LiveStep>,
    /// The reservation that is added, if it is not there.
    pub reservation: StoredReservation,
}

/// How many reservations there may be: so many, those that are known to have expired included, if they still are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveStep {
    pub at_most: i64,
    pub expired: Vec<UsageId>,
}

/// The plan for a request that comes now. A meter of which nothing is `known` is taken for one in use today.
pub fn plan(known: Option<&Meter>, request: &AdmissionRequest<'_>) -> Plan {
    plan_at(known, request, request.now)
}

/// The plan for a request that came a while before `present`.
pub fn plan_at(known: Option<&Meter>, request: &AdmissionRequest<'_>, present: Timestamp) -> Plan {
    let AdmissionRequest { limits, demand, .. } = *request;
    let now = Now {
        moment: Moment {
            at: request.now,
            present,
        },
        zone: limits.zone.rules(),
    };
    let amounts = demand.amounts();
    let own = limits.rules.iter().filter_map(Rule::slotted);
    let (slots, counted): (Vec<SlotStep>, Vec<Counted>) = own.map(|own| own.step(known, amounts, now)).unzip();
    let takes = takes(known, &limits.above, amounts, now.moment);
    let (expired, parts) = room_beside(slots.len() + takes.len());
    let window = known.map(|meter| meter.window.as_ref());
    let window = limits.rates(amounts, parts).step(window, now.moment);
    let counters = |span, place| (now.calendar(span), limits.caps(&place));
    let (calendar, caps) = counters(Span::Day, Place::Day);
    let day = period(known.map(|meter| &meter.day), calendar, amounts, caps);
    let (calendar, caps) = counters(Span::Month, Place::Month);
    let month = period(known.map(|meter| &meter.month), calendar, amounts, caps);
    let place = limits.rate(Unit::Tokens).and_then(|_| window.place());
    let live = limits.caps(&Place::Live).requests;
    let live = live.map(|most| live_step(known, most, (expired, request.now)));
    Plan {
        reservation: StoredReservation {
            counted,
            taken: takes.iter().map(Take::taken).collect(),
            ..reservation(request, (day.number(), month.number()), place)
        },
        window,
        day,
        month,
        slots,
        takes,
        taken_at: request.now.as_second(),
        live,
    }
}

/// The expired reservations and parts of the window that a condition has room for beside so many counters of limits.
fn room_beside(slots: usize) -> (usize, usize) {
    let (expired, parts) = ROOM_OF_A_SLOT;
    (
        EXPIRED_KNOWN.saturating_sub(expired * slots),
        TAKEN_OUT_AT_ONCE.saturating_sub(parts * slots),
    )
}

impl Limits {
    /// The amount that the limits which are enforced allow in a counter that they share.
    fn caps(&self, place: &Place) -> PeriodCaps {
        let mut caps = PeriodCaps::default();
        for rule in self.rules.iter().filter(|rule| rule.place == *place) {
            caps.lower(rule.measure.unit(), rule.cap());
        }
        caps
    }

    /// The rate of a policy's own field.
    fn rate(&self, unit: Unit) -> Option<&Rule> {
        let mut rules = self.rules.iter();
        rules.find(|rule| rule.place == Place::Window && rule.measure.unit() == unit)
    }

    fn rates(&self, amounts: Amounts, most_gone: usize) -> Rates {
        let rate = |unit| self.rate(unit).map(|rule| (amounts.of(unit), rule.cap()));
        Rates {
            frame: Frame::of_seconds(self.window_seconds),
            most_gone,
            requests: rate(Unit::Requests),
            tokens: rate(Unit::Tokens),
        }
    }
}

fn reservation(
    request: &AdmissionRequest<'_>,
    (day, month): (i32, i32),
    place: Option<WindowBucket>,
) -> StoredReservation {
    let Demand {
        input_tokens,
        output_tokens,
        cost,
    } = request.demand;
    StoredReservation {
        expires_at: request.expires_at,
        day,
        month,
        place,
        input_tokens,
        output_tokens,
        cost,
        facts: request.facts.clone(),
        counted: Vec::new(),
        taken: Vec::new(),
    }
}

fn live_step(known: Option<&Meter>, most: i64, (names, now): (usize, Timestamp)) -> LiveStep {
    let reservations = known.iter().flat_map(|meter| meter.reservations.iter());
    let expired = reservations
        .filter(|(_, reservation)| reservation.has_expired(now))
        .map(|(id, _)| id.clone());
    // As long as there is room in any case, nothing needs to be known of those that have expired.
    let is_needed = known.is_some_and(|meter| amount(meter.reservations.len() as u64) >= most);
    let expired: Vec<UsageId> = if is_needed {
        expired.take(names).collect()
    } else {
        Vec::new()
    };
    LiveStep {
        at_most: most - 1 + amount(expired.len() as u64),
        expired,
    }
}
