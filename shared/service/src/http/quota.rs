//! A person's limits: what the policy allows, what is used of it, and until when. For the person and for
//! administrators.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::{ApiError, refusal};
use crate::store::Store;
use domain::access::hours;
use domain::access::quota::{self, Limit, LimitUsage};
use domain::models::policy::Policy;
use domain::models::price::MicroUsd;
use domain::models::user::User;

/// The limits of one person.
#[derive(Debug, Serialize)]
pub struct Quota {
    policy: Arc<Policy>,
    /// Time at which the policy's hours begin again; absent while they last.
    opens_at: Option<Timestamp>,
    /// The limits that the policy has.
    limits: Vec<LimitStatus>,
}

/// One limit, and how far it is used.
#[derive(Debug, Serialize)]
struct LimitStatus {
    /// The policy's field.
    name: &'static str,
    limit: Amount,
    /// Settled, and reserved by requests under way.
    used: Amount,
    remaining: Amount,
    /// Time from which nothing of what is used now counts; absent where time does not change it.
    resets_at: Option<Timestamp>,
}

/// Requests or tokens; USD of a limit of cost.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Amount {
    Count(u64),
    Usd(f64),
}

impl Quota {
    /// The limits of `user` now.
    pub async fn of(store: &Store, user: &User) -> Result<Self, ApiError> {
        let (policy, meter) = tokio::try_join!(store.policy(&user.quota_policy), store.meter(&user.id))?;
        let policy = policy.ok_or_else(refusal::no_policy)?;
        let now = store.clock().now();
        let limit_usage = quota::limit_usage(&meter.unwrap_or_default(), &policy, now);
        Ok(Self {
            opens_at: hours::closed_until(&policy, now),
            limits: limit_usage.iter().map(|usage| LimitStatus::new(usage, now)).collect(),
            policy,
        })
    }
}

impl LimitStatus {
    fn new(usage: &LimitUsage, now: Timestamp) -> Self {
        let amount = |amount| match usage.limit {
            Limit::CostQuotaMonthly => Amount::Usd(MicroUsd(amount).usd()),
            _ => Amount::Count(amount),
        };
        Self {
            name: usage.limit.field(),
            limit: amount(usage.value),
            used: amount(usage.used),
            remaining: amount(usage.remaining()),
            resets_at: Some(usage.resets_at).filter(|at| *at > now),
        }
    }
}
