//! People who have used most of a quota.

use std::cmp::Reverse;

use domain::access::quota::{self, Limit, LimitUsage};
use domain::models::UserId;
use domain::models::policy::Mode;
use futures_util::future::try_join_all;
use service::store::{Store, StoreError};

use super::counts::Users;
use super::notice::{Attention, Kind};

/// People whose meters are looked at: those with the most requests in the time of the overview.
const LOOKED_AT: usize = 50;
/// The part of a quota, in percent, from which on it is told.
const NEAR: u64 = 80;

/// The people whose quotas are nearly used up, the fullest first.
pub(super) async fn near(store: &Store, users: &Users) -> Result<Vec<Attention>, StoreError> {
    let mut most: Vec<_> = users.iter().filter(|(_, sums)| sums.requests > 0).collect();
    most.sort_by_key(|(_, sums)| Reverse(sums.requests));
    let looks = most.iter().take(LOOKED_AT).map(|(user, _)| near_of(store, user));
    let mut near: Vec<_> = try_join_all(looks).await?.into_iter().flatten().collect();
    near.sort_by_key(|attention| Reverse(attention.count));
    Ok(near)
}

/// The fullest quota of a person, if it is full enough.
async fn near_of(store: &Store, id: &UserId) -> Result<Option<Attention>, StoreError> {
    let Some(user) = store.cached_user(id).await? else {
        return Ok(None);
    };
    let policy = store.policy_of(&user).await?;
    let Some(policy) = policy.filter(|policy| policy.mode == Mode::Enforce && !policy.counts_nothing()) else {
        return Ok(None);
    };
    let meter = store.meter(id).await?.unwrap_or_default();
    let limits = quota::limit_usage(&meter, &policy, store.clock().now());
    let quotas = limits.iter().filter(|usage| is_quota(usage.limit));
    let fullest = quotas
        .map(|usage| (percent(usage), usage.limit))
        .max_by_key(|(percent, _)| *percent);
    Ok(fullest
        .filter(|(percent, _)| *percent >= NEAR)
        .map(|(percent, limit)| Attention {
            count: Some(percent),
            reason: Some(limit.field().to_owned()),
            ..Attention::new(Kind::LimitNear).about(id, &user.name)
        }))
}

/// True of a limit that stays used for hours: rates and places come back within moments.
fn is_quota(limit: Limit) -> bool {
    match limit {
        Limit::RequestQuotaDaily | Limit::TokenQuotaDaily | Limit::TokenQuotaMonthly | Limit::CostQuotaMonthly => true,
        Limit::RateLimit | Limit::TokenRateLimit | Limit::MaxConcurrency => false,
    }
}

fn percent(usage: &LimitUsage) -> u64 {
    usage.used.saturating_mul(100) / usage.value.max(1)
}
