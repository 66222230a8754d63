//! One more request, as a change of the meter with the conditions under which it may be made (promises 40 and 41).

use jiff::Timestamp;

use super::amounts::{Amounts, Demand, PeriodCaps, amount};
use super::bucket::Frame;
use super::calendar::Span;
use super::meter::Meter;
use super::moment::Moment;
use super::period::{Calendar, Period};
use super::reservation::{StoredFacts, StoredReservation, WindowBucket};
use super::window::{Rates, WindowStep};
use super::{cost_limit, count_limit};
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

/// The change of the counters of a day or a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeriodStep {
    /// To be added, while it is this one and not over, to counters that are at most the caps.
    Count {
        number: i32,
        /// The second since 1970 at which the request is counted.
        now: i64,
        add: Amounts,
        caps: PeriodCaps,
    },
    /// A new one, in the place of one with a lower number.
    Begin(Period),
    /// A new one, in the place of the one with the number `known`.
    Replace { known: i32, period: Period },
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
    let AdmissionRequest { policy, demand, .. } = *request;
    let now = Moment {
        at: request.now,
        present,
    };
    let amounts = demand.amounts();
    let zone = policy.timezone.rules();
    let enforced = |limit: Option<i64>| limit.filter(|_| policy.mode == Mode::Enforce);
    let window = rates(policy, amounts).step(known.map(|meter| meter.window.as_ref()), now);
    let of_day = PeriodCaps {
        requests: enforced(count_limit(policy.request_quota_daily)),
        tokens: enforced(count_limit(policy.token_quota_daily)),
        cost: None,
    };
    let of_month = PeriodCaps {
        requests: None,
        tokens: enforced(count_limit(policy.token_quota_monthly)),
        cost: enforced(cost_limit(policy)),
    };
    let calendar = |span| Calendar { span, zone, now };
    let day = period(known.map(|meter| &meter.day), calendar(Span::Day), amounts, of_day);
    let month = period(
        known.map(|meter| &meter.month),
        calendar(Span::Month),
        amounts,
        of_month,
    );
    let place = policy.token_rate_limit.and_then(|_| window.place());
    let live = enforced(count_limit(policy.max_concurrency)).map(|most| live(known, most, now.at));
    Plan {
        reservation: reservation(request, (day.number(), month.number()), place),
        window,
        day,
        month,
        live,
    }
}

fn rates(policy: &Policy, amounts: Amounts) -> Rates {
    let rate =
        |value, amount| count_limit(value).map(|limit| (amount, Some(limit).filter(|_| policy.mode == Mode::Enforce)));
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

/// A period never goes back when a clock is behind the meter, unless it was begun by one that was far ahead and has no
/// room. One that the amounts alone are too much for is not begun: it would have to be refused.
fn period(known: Option<&Period>, calendar: Calendar<'_>, add: Amounts, limits: PeriodCaps) -> PeriodStep {
    let caps = PeriodCaps {
        requests: limits.requests.map(|limit| limit - add.requests),
        tokens: limits.tokens.map(|limit| limit - add.tokens),
        cost: limits.cost.map(|limit| limit - add.cost),
    };
    let count = |number| PeriodStep::Count {
        number,
        now: calendar.now.at.as_second(),
        add,
        caps,
    };
    let Some(known) = known else {
        return count(calendar.number());
    };
    let counts = calendar.is_running(known) && (known.has_room(caps) || !calendar.is_of_the_future(known));
    if counts || !Period::default().has_room(caps) {
        return count(known.number);
    }
    let period = calendar.begun(known, add);
    if known.number < period.number {
        PeriodStep::Begin(period)
    } else {
        PeriodStep::Replace {
            known: known.number,
            period,
        }
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
            Self::Begin(period) | Self::Replace { period, .. } => period.number,
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
