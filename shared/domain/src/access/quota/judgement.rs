//! Why a meter has no room for a request, and how far each limit is used.

use jiff::{SignedDuration, Timestamp};

use super::amounts::{Amounts, Demand};
use super::counters::{Count, Counters};
use super::limits::{Limits, Rule};
use super::meter::Meter;
use super::moment::Moment;
use super::name::{LimitName, Models};
use super::owner::AccountKind;
use crate::models::limit::Measure;

/// Time to wait while only what is reserved is in the way: most requests are settled sooner than at the latest.
pub(super) const SETTLED_SOON: SignedDuration = SignedDuration::from_secs(5);

/// How far a limit is used. Amounts are requests, tokens, or millionths of a dollar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitUsage {
    pub level: AccountKind,
    pub name: LimitName,
    pub measure: Measure,
    /// False in shadow mode.
    pub is_enforced: bool,
    pub value: u64,
    /// Settled and reserved.
    pub used: u64,
    /// The part of `used` that requests under way may give back. A request itself is none: it counts once it is sent.
    pub reserved: u64,
    /// The moment at which nothing of what is used now counts any more; of requests under way, now.
    pub resets_at: Timestamp,
}

/// Why a request is not admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub usage: LimitUsage,
    /// How much the request would add.
    pub demand: u64,
    /// When it could be admitted if no other request came; `None` for one that is larger than the limit.
    pub retry_at: Option<Timestamp>,
    /// The moment at which the requests under way are settled, or the limit has reset, at the latest; `None` if there
    /// would be no room without what they reserve either.
    pub settled_by: Option<Timestamp>,
}

/// Why `meter` has no room for `demand` at `now`: the limit that it has to wait for longest.
pub fn judge(meter: &Meter, limits: &Limits, demand: Demand, now: impl Into<Moment>) -> Option<Refusal> {
    worst(meter, limits, demand.amounts(), (now.into(), |rule| rule.is_enforced))
}

/// The limit that is overrun, where it is not enforced.
pub fn overrun(meter: &Meter, limits: &Limits, now: Timestamp) -> Option<Refusal> {
    worst(
        meter,
        limits,
        Amounts::default(),
        (now.into(), |rule| !rule.is_enforced),
    )
}

/// The worst limit of those that are meant.
fn worst(
    meter: &Meter,
    limits: &Limits,
    add: Amounts,
    (now, is_meant): (Moment, fn(&Rule) -> bool),
) -> Option<Refusal> {
    let counters = Counters::at(now, meter, limits, add);
    let refusals = counters
        .counts()
        .filter(|count| is_meant(count.rule) && count.used.saturating_add(count.add) > count.rule.value)
        .map(|count| count.refusal(now.at));
    refusals.max_by_key(|refusal| refusal.retry_at.unwrap_or(Timestamp::MAX))
}

/// The use of each of the limits at `now`.
pub fn limit_usage(meter: &Meter, limits: &Limits, now: Timestamp) -> Vec<LimitUsage> {
    let counters = Counters::at(now.into(), meter, limits, Amounts::default());
    counters.counts().map(|count| count.usage(now)).collect()
}

impl Count<'_> {
    pub(super) fn usage(&self, now: Timestamp) -> LimitUsage {
        let shown = |amount: i64| u64::try_from(amount).unwrap_or_default();
        LimitUsage {
            level: self.rule.level.into(),
            name: self.rule.name.clone(),
            measure: self.rule.measure,
            is_enforced: self.rule.is_enforced,
            value: shown(self.rule.value),
            used: shown(self.used),
            reserved: shown(self.reserved.min(self.used)),
            resets_at: self.until.falls_to(0, now),
        }
    }

    fn refusal(&self, now: Timestamp) -> Refusal {
        let rest = self.rule.value.saturating_sub(self.add);
        let is_possible = rest >= 0;
        let settled_by = self
            .settled_by
            .filter(|_| is_possible && self.used - self.reserved <= rest);
        let has_left = self.until.falls_to(rest, now);
        let is_settled = settled_by.map_or(has_left, |at| at.min(now + SETTLED_SOON));
        Refusal {
            usage: self.usage(now),
            demand: u64::try_from(self.add).unwrap_or_default(),
            retry_at: is_possible.then(|| has_left.min(is_settled)),
            settled_by: settled_by.map(|at| at.min(has_left)),
        }
    }
}

impl LimitUsage {
    /// The name in the words of budgets: `cost/month`, `requests/60s`, `tokens/day/opus*`.
    pub fn budget(&self) -> String {
        format!("{}{}", self.measure, Models(self.name.models()))
    }

    /// True of a limit that holds for many people together.
    pub fn is_of_many(&self) -> bool {
        matches!(self.level, AccountKind::Organisation | AccountKind::Department)
    }

    pub fn remaining(&self) -> u64 {
        self.value.saturating_sub(self.used)
    }

    pub fn percent_used(&self) -> u64 {
        let percent = u128::from(self.used) * 100 / u128::from(self.value.max(1));
        u64::try_from(percent).unwrap_or(u64::MAX)
    }
}

impl Refusal {
    /// Whole seconds until the request could be admitted, at least 1; `None` for one that never could.
    pub fn retry_after_seconds(&self, now: Timestamp) -> Option<u64> {
        let wait = self.retry_at?.as_millisecond() - now.as_millisecond();
        Some(u64::try_from(wait).unwrap_or_default().div_ceil(1000).max(1))
    }
}
