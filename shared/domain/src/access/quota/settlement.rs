//! What is corrected when a request has ended: what was reserved becomes what was used (promises 42 to 45).

use jiff::Timestamp;

use super::amounts::{Amounts, amount};
use super::bucket::Frame;
use super::meter::Meter;
use super::reservation::{StoredReservation, WindowBucket};
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Adjustment {
    pub day: Amounts,
    pub month: Amounts,
    /// To the tokens in the window; `None` when they have left it.
    pub tokens: Option<(WindowBucket, i64)>,
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
    }
}

/// True if the tokens may still be in the window. Whoever admits takes parts out that have left.
fn is_counted(place: WindowBucket, meter: Option<&Meter>, now: Timestamp) -> bool {
    let Some(meter) = meter else {
        return Frame::of_parts(place.part_ms).leaves_at(place.part) > now.as_millisecond();
    };
    let window = meter.window.as_ref().filter(|window| window.part_ms == place.part_ms);
    window.is_some_and(|window| window.tokens.parts.contains_key(&place.part))
}

impl Adjustment {
    /// The reserved and the settled, as they are after both: for a meter that is kept in memory.
    pub fn apply(&self, meter: &mut Meter) {
        for (period, amounts) in [(&mut meter.day, self.day), (&mut meter.month, self.month)] {
            period.requests += amounts.requests;
            period.tokens += amounts.tokens;
            period.cost += amounts.cost;
        }
        let tally = meter.window.as_mut().map(|window| &mut window.tokens);
        if let (Some((place, tokens)), Some(tally)) = (self.tokens, tally)
            && let Some(count) = tally.parts.get_mut(&place.part)
        {
            *count += tokens;
            tally.sum += tokens;
        }
    }
}
