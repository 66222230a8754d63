//! Taking back what is counted of some limits: what was used counts no more, what is reserved stays (promise 40).
//!
//! A reservation is corrected when its request ends, so its amounts must be in the counters until then; those of a rate
//! of requests are never corrected.

use super::amounts::Amounts;
use super::bucket::WindowBucket;
use super::counted::{Counted, CountedAt};
use super::limits::{Level, Limits, Place};
use super::meter::{Meter, SlotCounter};
use super::name::{Field, LimitName};
use super::period::Period;
use super::reservation::StoredReservation;
use super::tally::Tally;
use super::window::Window;
use crate::models::limit::{Slot, Unit};

/// The counters that are replaced: as they are known, and as they become.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reset {
    pub day: Option<(Period, Period)>,
    pub month: Option<(Period, Period)>,
    pub window: Option<(Window, Window)>,
    pub slots: Vec<SlotReset>,
}

/// A limit's own counter that is replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotReset {
    pub level: Level,
    pub slot: Slot,
    pub known: SlotCounter,
    pub replaced: SlotCounter,
}

impl Reset {
    /// True if nothing is counted that could be taken back.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// Takes back what `meter` counts of the limits of these names, of which `limits` says where those of a list are
/// counted. Requests under way at once are reservations, of which nothing can be taken back.
pub fn take_back(meter: &Meter, names: &[LimitName], limits: &Limits) -> Reset {
    let mut after = meter.clone();
    let mut slots = Vec::new();
    for name in names {
        match place(name, limits) {
            Some((Place::Day, unit)) => {
                let of_day = reserved(meter, |reservation| reservation.day == meter.day.number);
                after.day = after.day.with(unit, of_day);
            }
            Some((Place::Month, unit)) => {
                let of_month = reserved(meter, |reservation| reservation.month == meter.month.number);
                after.month = after.month.with(unit, of_month);
            }
            Some((Place::Window, unit)) => {
                if let Some(window) = &mut after.window {
                    emptied(window, unit, meter, |reservation| reservation.place);
                }
            }
            Some((Place::Slot(level, slot), unit)) => slots.extend(slot_reset(meter, (level, slot), unit)),
            Some((Place::Live, _)) | None => {}
        }
    }
    Reset {
        day: changed(meter.day, after.day),
        month: changed(meter.month, after.month),
        window: meter.window.clone().zip(after.window).filter(|(old, new)| old != new),
        slots,
    }
}

/// The place where the limit of this name is counted, and its unit.
fn place(name: &LimitName, limits: &Limits) -> Option<(Place, Unit)> {
    let place = match name {
        LimitName::Field(field) => match field {
            Field::RateLimit | Field::TokenRateLimit => Place::Window,
            Field::RequestQuotaDaily | Field::TokenQuotaDaily => Place::Day,
            Field::TokenQuotaMonthly | Field::CostQuotaMonthly => Place::Month,
            Field::MaxConcurrency => Place::Live,
        },
        LimitName::Listed(..) => {
            let mut rules = limits.rules.iter();
            let rule = rules.find(|rule| rule.level == Level::User && rule.name == *name)?;
            rule.place.clone()
        }
    };
    Some((place, name.unit()))
}

/// A limit's own counter with nothing but what is reserved; `None` if that is what it has.
fn slot_reset(meter: &Meter, (level, slot): (Level, Slot), unit: Unit) -> Option<SlotReset> {
    let known = meter.slot(level, &slot)?.clone();
    let counted = |reservation: &StoredReservation| -> Option<CountedAt> {
        let is_here = |counted: &&Counted| counted.level == level && counted.slot == slot;
        reservation.counted.iter().find(is_here).map(|counted| counted.at)
    };
    let mut replaced = known.clone();
    match &mut replaced {
        SlotCounter::Period(period) => {
            let at = CountedAt::Period(period.number);
            let current = reserved(meter, |reservation| counted(reservation) == Some(at));
            *period = period.with(unit, current);
        }
        SlotCounter::Window(window) => emptied(window, unit, meter, |reservation| match counted(reservation) {
            Some(CountedAt::Part(part)) => Some(part),
            Some(CountedAt::Period(_) | CountedAt::Live) | None => None,
        }),
    }
    (known != replaced).then_some(SlotReset {
        level,
        slot,
        known,
        replaced,
    })
}

/// Takes what is not reserved out of a window.
fn emptied(window: &mut Window, unit: Unit, meter: &Meter, place: impl Fn(&StoredReservation) -> Option<WindowBucket>) {
    match unit {
        Unit::Requests => window.requests = Tally::default(),
        Unit::Tokens | Unit::Cost => window.tokens = reserved_in(meter, window, unit, place),
    }
}

fn changed(old: Period, new: Period) -> Option<(Period, Period)> {
    (old != new).then_some((old, new))
}

/// The amounts of the reservations that are counted in the current period.
fn reserved(meter: &Meter, is_current: impl Fn(&StoredReservation) -> bool) -> Amounts {
    let current = meter
        .reservations
        .values()
        .filter(|reservation| is_current(reservation));
    current
        .map(StoredReservation::amounts)
        .fold(Amounts::default(), |sum, amounts| Amounts {
            requests: sum.requests + amounts.requests,
            tokens: sum.tokens.saturating_add(amounts.tokens),
            cost: sum.cost.saturating_add(amounts.cost),
        })
}

/// The amount reserved in parts that are still in the window.
fn reserved_in(
    meter: &Meter,
    window: &Window,
    unit: Unit,
    place: impl Fn(&StoredReservation) -> Option<WindowBucket>,
) -> Tally {
    let mut tally = Tally::default();
    for reservation in meter.reservations.values() {
        let place = place(reservation).filter(|place| place.part_ms == window.part_ms);
        if let Some(place) = place.filter(|place| window.tokens.parts.contains_key(&place.part)) {
            tally.add(place.part, reservation.amounts().of(unit));
        }
    }
    tally
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;

    use jiff::Timestamp;

    use super::super::{ActualUsage, AdmissionRequest, Demand, StoredFacts, correct, judge, plan};
    use super::super::{PeriodStep, WindowStep};
    use super::*;
    use crate::models::policy::Policy;
    use crate::models::price::MicroUsd;
    use crate::models::{PolicyName, UsageId};

    const ALL: [Field; 6] = [
        Field::RateLimit,
        Field::TokenRateLimit,
        Field::RequestQuotaDaily,
        Field::TokenQuotaDaily,
        Field::TokenQuotaMonthly,
        Field::CostQuotaMonthly,
    ];

    fn policy() -> Policy {
        let mut policy = Policy::unlimited(PolicyName::default());
        let limit = |value| NonZeroU64::new(value);
        policy.rate_limit = limit(100);
        policy.token_rate_limit = limit(100_000);
        policy.request_quota_daily = limit(100);
        policy.token_quota_daily = limit(100_000);
        policy.token_quota_monthly = limit(100_000);
        policy.cost_quota_monthly = Some(MicroUsd(100_000));
        policy
    }

    /// The meter of somebody who has used 7 and 70 and 700, and has one request under way of 1, 3 and 5.
    fn meter(now: Timestamp) -> (Meter, UsageId) {
        let (policy, facts, id) = (policy(), StoredFacts::fixture(), UsageId::generate(now));
        let demand = Demand {
            input_tokens: 1,
            output_tokens: 2,
            cost: 5,
        };
        let request = AdmissionRequest {
            limits: &Limits::from(&policy),
            demand,
            facts: &facts,
            now,
            expires_at: now.as_second() + 900,
        };
        let begun = plan(Some(&Meter::default()), &request);
        let (PeriodStep::Begin(day), PeriodStep::Begin(month)) = (begun.day, begun.month) else {
            panic!("a meter begins")
        };
        let WindowStep::Begin { mut window, .. } = begun.window else {
            panic!("a window begins")
        };
        let part = *window.tokens.parts.keys().next().unwrap();
        window.tokens.add(part, 70);
        window.requests.add(part, 7);
        let used = |period: Period| Period {
            requests: period.requests + 7,
            tokens: period.tokens + 70,
            cost: period.cost + 700,
            ..period
        };
        let reservations = [(id.clone(), begun.reservation)].into();
        let meter = Meter {
            window: Some(window),
            day: used(day),
            month: used(month),
            reservations,
            ..Meter::default()
        };
        (meter, id)
    }

    fn taken_back(meter: &Meter, fields: &[Field]) -> Reset {
        let names: Vec<LimitName> = fields.iter().copied().map(LimitName::Field).collect();
        take_back(meter, &names, &Limits::from(&policy()))
    }

    fn after(meter: &Meter, fields: &[Field]) -> Meter {
        let reset = taken_back(meter, fields);
        Meter {
            day: reset.day.map_or(meter.day, |(_, new)| new),
            month: reset.month.map_or(meter.month, |(_, new)| new),
            window: reset.window.map_or(meter.window.clone(), |(_, new)| Some(new)),
            ..meter.clone()
        }
    }

    #[test]
    fn op7_g11_what_was_used_counts_no_more_and_what_is_reserved_stays() {
        let now: Timestamp = "2026-11-27T12:00:00Z".parse().unwrap();
        let (meter, id) = meter(now);
        let mut whole = after(&meter, &ALL);
        assert_eq!((whole.day.requests, whole.day.tokens), (1, 3));
        assert_eq!((whole.month.tokens, whole.month.cost), (3, 5));
        let window = whole.window.clone().unwrap();
        assert_eq!((window.requests.sum, window.tokens.sum), (0, 3));
        // When the request ends that was under way, nothing is left of it but what it has used.
        let reservation = whole.reservations.remove(&id).unwrap();
        correct(&reservation, ActualUsage::NOTHING, Some(&whole), now).apply(&mut whole);
        assert_eq!((whole.day.requests, whole.day.tokens, whole.month.cost), (0, 0, 0));
        assert_eq!(whole.window.unwrap().tokens.sum, 0);
    }

    #[test]
    fn op7_g11_each_limit_is_reset_alone() {
        let now: Timestamp = "2026-11-27T12:00:00Z".parse().unwrap();
        let (meter, _) = meter(now);
        assert!(taken_back(&meter, &[]).is_nothing());
        assert!(taken_back(&meter, &[Field::MaxConcurrency]).is_nothing());
        for limit in ALL {
            let changed = after(&meter, &[limit]);
            assert_ne!(changed, meter, "{limit:?}");
            assert!(taken_back(&changed, &[limit]).is_nothing(), "{limit:?}: twice is once");
            for other in ALL.into_iter().filter(|other| *other != limit) {
                assert!(
                    !taken_back(&changed, &[other]).is_nothing(),
                    "{limit:?} leaves {other:?}"
                );
            }
        }
    }

    #[test]
    fn op7_g11_a_limit_that_was_full_has_room_for_all_but_what_is_reserved() {
        let now: Timestamp = "2026-11-27T12:00:00Z".parse().unwrap();
        let (mut meter, _) = meter(now);
        let mut policy = Policy::unlimited(PolicyName::default());
        policy.request_quota_daily = NonZeroU64::new(8);
        let asked = |meter: &Meter| judge(meter, &Limits::from(&policy), Demand::default(), now).is_some();
        assert!(asked(&meter), "7 are used and one is under way");
        meter = after(&meter, &[Field::RequestQuotaDaily]);
        assert!(!asked(&meter));
        meter.day.requests += 7;
        assert!(asked(&meter), "seven more and no eighth");
    }
}
