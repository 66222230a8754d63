//! Each counter's committed amount is what the books and the requests under way say (B2).

use std::collections::BTreeMap;

use domain::access::quota::{Amounts, Counted, CountedAt, Level, Meter, Period, SlotCounter, StoredReservation};
use domain::models::UsageId;
use domain::models::limit::Slot;
use domain::models::usage::{Outcome, UsageRecord};

use crate::check::Books;

/// The amounts that counters began with, by their names: a new limit begins at what was used before it came.
#[derive(Default)]
pub(crate) struct Committed {
    beginnings: BTreeMap<(Level, Slot), (i32, i64)>,
}

/// The amounts that a request committed, by its record or by its reservation.
type Shares<'a> = Vec<(&'a StoredReservation, Amounts)>;

impl Committed {
    pub(crate) fn check(&mut self, admitted: &[(UsageId, StoredReservation)], meter: &Meter, books: &Books) {
        let shares = shares(admitted, meter, books);
        let sum = |is_of: &dyn Fn(&StoredReservation) -> bool| sum(&shares, is_of);
        let (day, month) = (meter.day, meter.month);
        assert_eq!(
            amounts(day),
            sum(&|reservation| reservation.day == day.number),
            "the day"
        );
        assert_eq!(
            amounts(month),
            sum(&|reservation| reservation.month == month.number),
            "the month"
        );
        for level in [Level::User, Level::Key] {
            for (slot, counter) in meter.slots(level).into_iter().flatten() {
                self.check_slot((level, slot), counter, &shares, meter);
            }
        }
    }

    fn check_slot(&mut self, (level, slot): (Level, &Slot), counter: &SlotCounter, shares: &Shares<'_>, meter: &Meter) {
        let period = match counter {
            SlotCounter::Period(period) => period,
            SlotCounter::Window(window) => {
                for tally in [&window.requests, &window.tokens] {
                    assert_eq!(tally.sum, tally.parts.values().sum::<i64>(), "{tally:?}");
                    assert!(tally.parts.values().all(|count| *count >= 0), "{tally:?}");
                }
                return;
            }
        };
        let is_here = |counted: &&Counted| counted.level == level && counted.slot == *slot;
        let named = |reservation: &StoredReservation| reservation.counted.iter().find(is_here).cloned();
        let committed = shares.iter().filter_map(|(reservation, amounts)| {
            let place = named(reservation)?;
            (place.at == CountedAt::Period(period.number)).then(|| amounts.of(place.unit))
        });
        let under_way = meter.reservations.values().filter_map(named);
        let live = under_way.filter(|place| place.at == CountedAt::Live).count();
        let expected = committed.sum::<i64>() + i64::try_from(live).unwrap();
        let stored = period.requests + period.tokens + period.cost;
        let begun = self
            .beginnings
            .entry((level, slot.clone()))
            .or_insert((period.number, stored - expected));
        assert!(begun.1 >= 0, "{slot:?} begins with less than nothing: {period:?}");
        let beginning = if begun.0 == period.number { begun.1 } else { 0 };
        assert_eq!(stored, expected + beginning, "{level:?} {slot:?}: {period:?}");
    }
}

/// The amounts that each admitted request has committed: what its record says, and what a reservation of it holds.
fn shares<'a>(admitted: &'a [(UsageId, StoredReservation)], meter: &'a Meter, books: &Books) -> Shares<'a> {
    let recorded = admitted.iter().filter_map(|(id, reservation)| {
        let record = books.records.get(id)?;
        Some((reservation, used(record)))
    });
    let held = meter
        .reservations
        .values()
        .map(|reservation| (reservation, reservation.amounts()));
    recorded.chain(held).collect()
}

fn used(record: &UsageRecord) -> Amounts {
    let amount = |value: u64| i64::try_from(value).unwrap();
    Amounts {
        requests: i64::from(record.outcome != Outcome::Failed),
        tokens: amount(record.tokens.total()),
        cost: amount(record.cost.0),
    }
}

fn sum(shares: &Shares<'_>, is_of: &dyn Fn(&StoredReservation) -> bool) -> Amounts {
    let of_it = shares.iter().filter(|(reservation, _)| is_of(reservation));
    of_it.fold(Amounts::default(), |sum, (_, amounts)| Amounts {
        requests: sum.requests + amounts.requests,
        tokens: sum.tokens + amounts.tokens,
        cost: sum.cost + amounts.cost,
    })
}

fn amounts(period: Period) -> Amounts {
    Amounts {
        requests: period.requests,
        tokens: period.tokens,
        cost: period.cost,
    }
}
