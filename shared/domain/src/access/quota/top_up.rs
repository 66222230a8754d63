//! Top-ups: what an account may use of a limit for a time, besides what its policy allows.
//!
//! They end by the clock of whoever judges, and count for as long as they last: a day's limit that is raised for three
//! days is higher on each of them.

use std::num::NonZeroU64;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::name::{Field, LimitName};
use crate::models::limit::{MAX_COST, Unit};
use crate::models::policy::{MAX_LIMIT, Policy};
use crate::models::price::MicroUsd;
use crate::models::{DisplayName, TopUpId, UserId};

/// One limit of one account, raised until a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopUp {
    pub id: TopUpId,
    pub limit: LimitName,
    /// Requests or tokens; of a limit of cost, millionths of a dollar.
    pub add: u64,
    pub until: Timestamp,
    pub reason: DisplayName,
    pub created_at: Timestamp,
    pub created_by: UserId,
}

impl TopUp {
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        now < self.until
    }
}

/// The policy with the limits that hold at `now`; `None` if no top-up changes it. Where the policy has no limit, there
/// is nothing to raise.
pub fn raised(policy: &Policy, top_ups: &[TopUp], now: Timestamp) -> Option<Policy> {
    let mut raised: Option<Policy> = None;
    for top_up in top_ups.iter().filter(|top_up| top_up.is_in_force(now)) {
        raise(raised.get_or_insert_with(|| policy.clone()), top_up);
    }
    raised.filter(|raised| raised != policy)
}

fn raise(policy: &mut Policy, TopUp { limit, add, .. }: &TopUp) {
    let of_list = policy
        .limits
        .iter_mut()
        .find(|listed| LimitName::of_listed(listed) == *limit);
    if let Some(listed) = of_list {
        let largest = if limit.unit() == Unit::Cost {
            MAX_COST.0
        } else {
            MAX_LIMIT
        };
        let raised = listed.amount.get().saturating_add(*add).min(largest);
        listed.amount = NonZeroU64::new(raised).unwrap_or(listed.amount).max(listed.amount);
    }
    let LimitName::Field(field) = limit else { return };
    let value = match field {
        Field::RateLimit => &mut policy.rate_limit,
        Field::TokenRateLimit => &mut policy.token_rate_limit,
        Field::RequestQuotaDaily => &mut policy.request_quota_daily,
        Field::TokenQuotaDaily => &mut policy.token_quota_daily,
        Field::TokenQuotaMonthly => &mut policy.token_quota_monthly,
        Field::MaxConcurrency => &mut policy.max_concurrency,
        Field::CostQuotaMonthly => {
            let more = |cost: MicroUsd| MicroUsd(cost.0.saturating_add(*add));
            policy.cost_quota_monthly = policy.cost_quota_monthly.map(more);
            return;
        }
    };
    *value = value.map(|value| value.saturating_add(*add).min(LARGEST.max(value)));
}

/// The largest limit that a policy may have: no top-up raises one beyond it.
const LARGEST: NonZeroU64 = match NonZeroU64::new(MAX_LIMIT) {
    Some(largest) => largest,
    None => NonZeroU64::MAX,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::PolicyName;

    fn top_up(limit: Field, add: u64, until: &str) -> TopUp {
        TopUp {
            id: TopUpId::generate(),
            limit: LimitName::Field(limit),
            add,
            until: until.parse().unwrap(),
            reason: DisplayName::parse("a deadline").unwrap(),
            created_at: Timestamp::UNIX_EPOCH,
            created_by: UserId::generate(),
        }
    }

    #[test]
    fn op7_top_ups_add_to_the_limits_of_a_policy_until_they_end() {
        let mut policy = Policy::unlimited(PolicyName::default());
        policy.request_quota_daily = NonZeroU64::new(10);
        policy.cost_quota_monthly = Some(MicroUsd(5_000_000));
        let top_ups = [
            top_up(Field::RequestQuotaDaily, 5, "2026-11-28T00:00:00Z"),
            top_up(Field::RequestQuotaDaily, 7, "2026-11-29T00:00:00Z"),
            top_up(Field::CostQuotaMonthly, 2_500_000, "2026-11-28T00:00:00Z"),
            top_up(Field::TokenQuotaDaily, 1, "2026-12-28T00:00:00Z"),
        ];
        let at = |time: &str| raised(&policy, &top_ups, time.parse().unwrap());
        let both = at("2026-11-27T23:59:59Z").unwrap();
        assert_eq!(both.request_quota_daily, NonZeroU64::new(22));
        assert_eq!(both.cost_quota_monthly, Some(MicroUsd(7_500_000)));
        assert_eq!(both.token_quota_daily, None, "what is not limited stays so");
        let one = at("2026-11-28T00:00:00Z").unwrap();
        assert_eq!(
            (one.request_quota_daily, one.cost_quota_monthly),
            (NonZeroU64::new(17), policy.cost_quota_monthly)
        );
        assert_eq!(
            at("2026-11-29T00:00:00Z"),
            None,
            "only one is left, and it raises nothing"
        );
    }

    #[test]
    fn op7_every_limit_can_be_raised_and_none_beyond_what_a_policy_may_have() {
        let now = Timestamp::UNIX_EPOCH;
        let mut policy = Policy::unlimited(PolicyName::default());
        let one = NonZeroU64::new(1);
        (policy.rate_limit, policy.token_rate_limit, policy.max_concurrency) = (one, one, one);
        (policy.request_quota_daily, policy.token_quota_daily) = (one, one);
        (policy.token_quota_monthly, policy.cost_quota_monthly) = (one, Some(MicroUsd(1)));
        for limit in Field::ALL {
            let more = raised(&policy, &[top_up(limit, u64::MAX, "2026-11-28T00:00:00Z")], now);
            assert!(more.is_some_and(|more| more.rate_limit <= Some(LARGEST)), "{limit:?}");
        }
    }
}
