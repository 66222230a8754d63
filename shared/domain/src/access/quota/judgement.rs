//! Why a meter has no room for a request, and how far each limit is used.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::amounts::{Amounts, Demand, amount};
use super::meter::{Meter, Period};
use super::window::{Frame, Tally, Window};
use super::{calendar, cost_limit, limit};
use crate::models::policy::Policy;

/// One limit of a policy, named as the policy's field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    RateLimit,
    TokenRateLimit,
    RequestQuotaDaily,
    TokenQuotaDaily,
    TokenQuotaMonthly,
    CostQuotaMonthly,
    MaxConcurrency,
}

/// How far a limit is used. Amounts are requests, tokens, or millionths of a dollar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitUsage {
    pub limit: Limit,
    pub value: u64,
    /// Settled and reserved.
    pub used: u64,
    /// When nothing of what is used now counts any more; of requests under way, now.
    pub resets_at: Timestamp,
}

/// Why a request is not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub usage: LimitUsage,
    /// How much the request would add.
    pub demand: u64,
    /// When it could be admitted if no other request came; `None` for one that is larger than the limit.
    pub retry_at: Option<Timestamp>,
}

/// A limit with the amounts that it is about, before they are shown.
struct Count<'a> {
    limit: Limit,
    value: i64,
    used: i64,
    add: i64,
    until: Until<'a>,
}

/// Until when what is counted counts.
enum Until<'a> {
    Leaves(&'a Tally, Frame),
    Ends(Timestamp),
    Settled,
}

/// Why `meter` has no room for `demand` at `now`: the limit that it has to wait for longest.
pub fn judge(meter: &Meter, policy: &Policy, demand: Demand, now: Timestamp) -> Option<Refusal> {
    worst(meter, policy, demand.amounts(), now)
}

/// The limit that is overrun, where it is not enforced.
pub fn overrun(meter: &Meter, policy: &Policy, now: Timestamp) -> Option<Refusal> {
    worst(meter, policy, Amounts::default(), now)
}

fn worst(meter: &Meter, policy: &Policy, add: Amounts, now: Timestamp) -> Option<Refusal> {
    let counters = Counters::at(now, meter, policy, add);
    let refusals = counters
        .counts()
        .filter(|count| count.used.saturating_add(count.add) > count.value)
        .map(|count| count.refusal(now));
    refusals.max_by_key(|refusal| refusal.retry_at.unwrap_or(Timestamp::MAX))
}

/// How far each limit of the policy is used at `now`.
pub fn limit_usage(meter: &Meter, policy: &Policy, now: Timestamp) -> Vec<LimitUsage> {
    let counters = Counters::at(now, meter, policy, Amounts::default());
    counters.counts().map(|count| count.usage(now)).collect()
}

/// A meter as its counters stand at one moment.
struct Counters<'a> {
    policy: &'a Policy,
    add: Amounts,
    now_ms: i64,
    frame: Frame,
    window: Window,
    day: Period,
    day_ends: Timestamp,
    month: Period,
    month_ends: Timestamp,
    /// Reservations that have not expired.
    live: i64,
}

impl<'a> Counters<'a> {
    fn at(now: Timestamp, meter: &Meter, policy: &'a Policy, add: Amounts) -> Self {
        let now_ms = now.as_millisecond();
        let frame = Frame::of_seconds(policy.rate_limit_window);
        let window = meter.window.as_ref().map(|window| window.cut(frame, now_ms));
        let zone = policy.timezone.rules();
        let (day, day_ends) = current(meter.day, calendar::day(now, zone), calendar::day_ends, zone);
        let (month, month_ends) = current(meter.month, calendar::month(now, zone), calendar::month_ends, zone);
        let reservations = meter.reservations.values();
        let live = reservations.filter(|reservation| !reservation.has_expired(now)).count();
        Self {
            policy,
            add,
            now_ms,
            frame,
            window: window.unwrap_or_default(),
            day,
            day_ends,
            month,
            month_ends,
            live: amount(live as u64),
        }
    }

    /// The limits that the policy has.
    fn counts(&self) -> impl Iterator<Item = Count<'_>> {
        Limit::ALL.into_iter().filter_map(|limit| self.count(limit))
    }

    fn count(&self, of: Limit) -> Option<Count<'_>> {
        let Self { policy, add, .. } = self;
        let value = match of {
            Limit::RateLimit => limit(policy.rate_limit),
            Limit::TokenRateLimit => limit(policy.token_rate_limit),
            Limit::RequestQuotaDaily => limit(policy.request_quota_daily),
            Limit::TokenQuotaDaily => limit(policy.token_quota_daily),
            Limit::TokenQuotaMonthly => limit(policy.token_quota_monthly),
            Limit::CostQuotaMonthly => cost_limit(policy),
            Limit::MaxConcurrency => limit(policy.max_concurrency),
        }?;
        let (used, add, until) = match of {
            Limit::RateLimit => self.rate(&self.window.requests, add.requests),
            Limit::TokenRateLimit => self.rate(&self.window.tokens, add.tokens),
            Limit::RequestQuotaDaily => (self.day.requests, add.requests, Until::Ends(self.day_ends)),
            Limit::TokenQuotaDaily => (self.day.tokens, add.tokens, Until::Ends(self.day_ends)),
            Limit::TokenQuotaMonthly => (self.month.tokens, add.tokens, Until::Ends(self.month_ends)),
            Limit::CostQuotaMonthly => (self.month.cost, add.cost, Until::Ends(self.month_ends)),
            Limit::MaxConcurrency => (self.live, add.requests, Until::Settled),
        };
        Some(Count {
            limit: of,
            value,
            used,
            add,
            until,
        })
    }

    fn rate<'w>(&self, tally: &'w Tally, add: i64) -> (i64, i64, Until<'w>) {
        let used = tally.counted(self.frame, self.now_ms);
        (used, add, Until::Leaves(tally, self.frame))
    }
}

/// The counters of the current period, which may not have begun yet, and its end.
fn current(known: Period, number: i32, ends: fn(i32, &TimeZone) -> Timestamp, zone: &TimeZone) -> (Period, Timestamp) {
    let period = if known.number < number {
        Period {
            number,
            ..Period::default()
        }
    } else {
        known
    };
    (period, ends(period.number, zone))
}

impl Count<'_> {
    fn usage(&self, now: Timestamp) -> LimitUsage {
        let shown = |amount: i64| u64::try_from(amount).unwrap_or_default();
        LimitUsage {
            limit: self.limit,
            value: shown(self.value),
            used: shown(self.used),
            resets_at: self.until.falls_to(0, now),
        }
    }

    fn refusal(&self, now: Timestamp) -> Refusal {
        let rest = self.value.saturating_sub(self.add);
        Refusal {
            usage: self.usage(now),
            demand: u64::try_from(self.add).unwrap_or_default(),
            retry_at: (rest >= 0).then(|| self.until.falls_to(rest, now)),
        }
    }
}

impl Until<'_> {
    fn falls_to(&self, rest: i64, now: Timestamp) -> Timestamp {
        match self {
            Self::Leaves(tally, frame) => {
                Timestamp::from_millisecond(tally.falls_to(rest, *frame, now.as_millisecond()))
                    .unwrap_or(Timestamp::MAX)
            }
            Self::Ends(at) => *at,
            Self::Settled => now,
        }
    }
}

impl Limit {
    pub const ALL: [Self; 7] = [
        Self::RateLimit,
        Self::TokenRateLimit,
        Self::RequestQuotaDaily,
        Self::TokenQuotaDaily,
        Self::TokenQuotaMonthly,
        Self::CostQuotaMonthly,
        Self::MaxConcurrency,
    ];

    /// The policy's field.
    pub fn field(self) -> &'static str {
        match self {
            Self::RateLimit => "rate_limit",
            Self::TokenRateLimit => "token_rate_limit",
            Self::RequestQuotaDaily => "request_quota_daily",
            Self::TokenQuotaDaily => "token_quota_daily",
            Self::TokenQuotaMonthly => "token_quota_monthly",
            Self::CostQuotaMonthly => "cost_quota_monthly",
            Self::MaxConcurrency => "max_concurrency",
        }
    }
}

impl LimitUsage {
    pub fn remaining(&self) -> u64 {
        self.value.saturating_sub(self.used)
    }
}

impl Refusal {
    /// Whole seconds until the request could be admitted, at least 1; `None` for one that never could.
    pub fn retry_after_seconds(&self, now: Timestamp) -> Option<u64> {
        let wait = self.retry_at?.as_millisecond() - now.as_millisecond();
        Some(u64::try_from(wait).unwrap_or_default().div_ceil(1000).max(1))
    }
}
