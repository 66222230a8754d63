//! One more request, as a change of the meter with the conditions under which it may be made (promises 40 and 41).

use jiff::Timestamp;

use super::amounts::{Amounts, Demand, amount};
use super::meter::{Meter, Period};
use super::reservation::{StoredFacts, StoredReservation, WindowBucket};
use super::window::{Frame, Rates, WindowStep};
use super::{calendar, cost_limit, limit};
use crate::models::UsageId;
use crate::models::policy::{Mode, Policy};

/// Of the expired reservations, so many are taken off the live ones: a condition has to name each.
const EXPIRED_KNOWN: usize = 64;

/// A request for one more unit.
#[derive(Clone, Copy, Debug)]
pub struct AdmissionRequest<'a> {
    pub policy: &'a Policy,
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
    pub live: Option<LiveStep>,
    /// The reservation that is added, if it is not there.
    pub reservation: StoredReservation,
}

/// What becomes of the counters of a day or a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeriodStep {
    /// To be added, while it is this one, to counters that are at most the caps.
    Count {
        number: i32,
        add: Amounts,
        caps: PeriodCaps,
    },
    /// A new one, in the place of an earlier one.
    Begin(Period),
}

/// The most that may be counted already; `None` for a limit that there is not, or that is not enforced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeriodCaps {
    pub requests: Option<i64>,
    pub tokens: Option<i64>,
    pub cost: Option<i64>,
}

/// How many reservations there may be: so many, those that are known to have expired included, if they still are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveStep {
    pub at_most: i64,
    pub expired: Vec<UsageId>,
}

/// How to meet a request. Of a meter that nothing is `known` of, it is supposed that others have used it today.
pub fn plan(known: Option<&Meter>, request: &AdmissionRequest<'_>) -> Plan {
    let AdmissionRequest {
        policy, demand, now, ..
    } = *request;
    let amounts = demand.amounts();
    let zone = policy.timezone.rules();
    let enforced = |limit: Option<i64>| limit.filter(|_| policy.mode == Mode::Enforce);
    let window = rates(policy, amounts).step(known.map(|meter| meter.window.as_ref()), now.as_millisecond());
    let of_day = PeriodCaps {
        requests: enforced(limit(policy.request_quota_daily)),
        tokens: enforced(limit(policy.token_quota_daily)),
        cost: None,
    };
    let of_month = PeriodCaps {
        requests: None,
        tokens: enforced(limit(policy.token_quota_monthly)),
        cost: enforced(cost_limit(policy)),
    };
    let day = period(
        known.map(|meter| meter.day.number),
        calendar::day(now, zone),
        amounts,
        of_day,
    );
    let month = period(
        known.map(|meter| meter.month.number),
        calendar::month(now, zone),
        amounts,
        of_month,
    );
    let place = policy.token_rate_limit.and_then(|_| window.place());
    let live = enforced(limit(policy.max_concurrency)).map(|most| live(known, most, now));
    Plan {
        reservation: reservation(request, (day.number(), month.number()), place),
        window,
        day,
        month,
        live,
    }
}

fn rates(policy: &Policy, amounts: Amounts) -> Rates {
    let rate = |value, amount| limit(value).map(|limit| (amount, Some(limit).filter(|_| policy.mode == Mode::Enforce)));
    Rates {
        frame: Frame::of_seconds(policy.rate_limit_window),
        requests: rate(policy.rate_limit, amounts.requests),
        tokens: rate(policy.token_rate_limit, amounts.tokens),
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
    }
}

/// A period never goes back when a clock is behind the meter. One that the amounts alone are too much for is not begun:
/// it would have to be refused.
fn period(known: Option<i32>, current: i32, add: Amounts, limits: PeriodCaps) -> PeriodStep {
    let caps = PeriodCaps {
        requests: limits.requests.map(|limit| limit - add.requests),
        tokens: limits.tokens.map(|limit| limit - add.tokens),
        cost: limits.cost.map(|limit| limit - add.cost),
    };
    let fits = [caps.requests, caps.tokens, caps.cost]
        .into_iter()
        .flatten()
        .all(|cap| cap >= 0);
    match known {
        Some(known) if known < current && fits => PeriodStep::Begin(Period::begun(current, add)),
        known => PeriodStep::Count {
            number: known.map_or(current, |known| known.max(current)),
            add,
            caps,
        },
    }
}

fn live(known: Option<&Meter>, most: i64, now: Timestamp) -> LiveStep {
    let reservations = known.iter().flat_map(|meter| meter.reservations.iter());
    let expired = reservations
        .filter(|(_, reservation)| reservation.has_expired(now))
        .map(|(id, _)| id.clone());
    // As long as there is room in any case, nothing needs to be known of those that have expired.
    let is_needed = known.is_some_and(|meter| amount(meter.reservations.len() as u64) >= most);
    let expired: Vec<UsageId> = if is_needed {
        expired.take(EXPIRED_KNOWN).collect()
    } else {
        Vec::new()
    };
    LiveStep {
        at_most: most - 1 + amount(expired.len() as u64),
        expired,
    }
}

impl PeriodStep {
    pub fn number(&self) -> i32 {
        match self {
            Self::Count { number, .. } => *number,
            Self::Begin(period) => period.number,
        }
    }
}

impl WindowStep {
    /// Where the request is counted.
    fn place(&self) -> Option<WindowBucket> {
        match self {
            Self::Skip => None,
            Self::Count(count) => Some(WindowBucket {
                part_ms: count.part_ms,
                part: count.part,
            }),
            Self::Begin { window, .. } => Some(WindowBucket {
                part_ms: window.part_ms,
                part: super::Bucket(window.newest),
            }),
        }
    }
}
