//! People who have used most of a quota.

use std::cmp::Reverse;

use domain::access::quota::{self, Limits};
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
    let limits = quota::limit_usage(&meter, &Limits::from(&*policy), store.clock().now());
    let quotas = limits.iter().filter(|usage| usage.measure.is_budget());
    let fullest = quotas.max_by_key(|usage| usage.percent_used());
    let fullest = fullest.filter(|usage| usage.percent_used() >= NEAR);
    Ok(fullest.map(|usage| Attention {
        count: Some(usage.percent_used()),
        reason: Some(usage.name.to_string()),
        ..Attention::new(Kind::LimitNear).about(id, &user.name)
    }))
}
