//! A person's limits: what the policy allows, what is used of it, and until when. For the person and for
//! administrators.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::{ApiError, refusal};
use crate::store::Store;
use domain::access::hours;
use domain::access::quota::{self, Limit, LimitUsage, TopUp};
use domain::models::policy::Policy;
use domain::models::price::MicroUsd;
use domain::models::user::User;

/// The limits of one person.
#[derive(Debug, Serialize)]
pub struct Quota {
    policy: Arc<Policy>,
    /// Time at which the policy's hours begin again; absent while they last.
    opens_at: Option<Timestamp>,
    /// The limits that the policy has, with what is added to them.
    limits: Vec<LimitStatus>,
    /// What is added, and until when.
    top_ups: Vec<TopUpStatus>,
}

/// A limit that is raised for a time.
#[derive(Debug, Serialize)]
struct TopUpStatus {
    name: &'static str,
    add: Amount,
    until: Timestamp,
}

/// One limit, and how far it is used.
#[derive(Debug, Serialize)]
struct LimitStatus {
    /// The policy's field.
    name: &'static str,
    limit: Amount,
    /// Settled, and reserved by requests under way.
    used: Amount,
    /// The part of `used` that requests under way may give back; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    reserved: Option<Amount>,
    remaining: Amount,
    /// Time from which nothing of what is used now counts; absent where time does not change it.
    resets_at: Option<Timestamp>,
}

/// Requests or tokens; USD of a limit of cost.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Amount {
    Count(u64),
    Usd(f64),
}

impl Amount {
    /// `amount` of what `limit` counts, as people write it.
    pub fn of(limit: Limit, amount: u64) -> Self {
        match limit {
            Limit::CostQuotaMonthly => Self::Usd(MicroUsd(amount).usd()),
            _ => Self::Count(amount),
        }
    }
}

impl Quota {
    /// The limits of `user` now.
    pub async fn of(store: &Store, user: &User) -> Result<Self, ApiError> {
        let (policy, meter, top_ups) = tokio::try_join!(
            store.policy(&user.quota_policy),
            store.meter(&user.id),
            store.top_ups(&user.id)
        )?;
        let policy = policy.ok_or_else(refusal::no_policy)?;
        let now = store.clock().now();
        let raised = quota::raised(&policy, &top_ups, now);
        let limit_usage = quota::limit_usage(&meter.unwrap_or_default(), raised.as_ref().unwrap_or(&policy), now);
        Ok(Self {
            opens_at: hours::closed_until(&policy, now),
            limits: limit_usage.iter().map(|usage| LimitStatus::new(usage, now)).collect(),
            top_ups: top_ups.iter().map(TopUpStatus::from).collect(),
            policy,
        })
    }

    /// What is used of each limit, by its name.
    pub fn used(&self) -> BTreeMap<&'static str, &Amount> {
        self.limits.iter().map(|limit| (limit.name, &limit.used)).collect()
    }
}

impl From<&TopUp> for TopUpStatus {
    fn from(top_up: &TopUp) -> Self {
        Self {
            name: top_up.limit.field(),
            add: Amount::of(top_up.limit, top_up.add),
            until: top_up.until,
        }
    }
}

impl LimitStatus {
    fn new(usage: &LimitUsage, now: Timestamp) -> Self {
        let amount = |amount| Amount::of(usage.limit, amount);
        Self {
            name: usage.limit.field(),
            limit: amount(usage.value),
            used: amount(usage.used),
            reserved: Some(usage.reserved).filter(|reserved| *reserved > 0).map(amount),
            remaining: amount(usage.remaining()),
            resets_at: Some(usage.resets_at).filter(|at| *at > now),
        }
    }
}
