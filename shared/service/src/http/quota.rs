//! A person's limits: what the policy allows, what is used of it, and until when. For the person and for
//! administrators.

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::{ApiError, refusal};
use crate::store::{Seen, Store, StoreError};
use domain::access::hours;
use domain::access::quota::{self, LimitName, LimitUsage, Limits, Meter, Owner, TopUp};
use domain::models::api_key::ApiKey;
use domain::models::budget::Budget;
use domain::models::limit::Unit;
use domain::models::policy::Policy;
use domain::models::price::MicroUsd;
use domain::models::user::User;
use domain::models::{DisplayName, KeyId};

/// The limits of one person.
#[derive(Debug, Serialize)]
pub struct Quota {
    #[serde(serialize_with = "without_notify")]
    policy: Arc<Policy>,
    /// Time at which the policy's hours begin again; absent while they last.
    opens_at: Option<Timestamp>,
    /// The limits that the policy has, with what is added to them.
    limits: Vec<LimitStatus>,
    /// What is added, and until when.
    top_ups: Vec<TopUpStatus>,
    /// The keys that have limits of their own.
    keys: Vec<KeyQuota>,
    /// The accounts above the person that have limits.
    levels: Vec<LevelQuota>,
}

/// The policy without the address that alerts go to, which is the administrators' alone.
fn without_notify<S: Serializer>(policy: &Policy, serializer: S) -> Result<S::Ok, S::Error> {
    let shown = Policy {
        notify: None,
        ..policy.clone()
    };
    shown.serialize(serializer)
}

/// The limits of one key, which hold beside those of the person.
#[derive(Debug, Serialize)]
struct KeyQuota {
    id: KeyId,
    name: DisplayName,
    limits: Vec<LimitStatus>,
}

/// The limits of a department or of the organisation, which hold for many people: without amounts, which are not the one
/// person's.
#[derive(Debug, Serialize)]
struct LevelQuota {
    level: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<DisplayName>,
    limits: Vec<LimitOfMany>,
}

/// A limit of many, and when it begins anew.
#[derive(Debug, Serialize)]
struct LimitOfMany {
    name: LimitName,
    resets_at: Option<Timestamp>,
}

/// A limit that is raised for a time.
#[derive(Debug, Serialize)]
struct TopUpStatus {
    name: LimitName,
    add: Amount,
    until: Timestamp,
}

/// One limit, and how far it is used.
#[derive(Debug, Serialize)]
struct LimitStatus {
    /// The policy's field, or what the limit says.
    name: LimitName,
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
    /// `amount` of `unit`, as people write it.
    pub fn of(unit: Unit, amount: u64) -> Self {
        match unit {
            Unit::Cost => Self::Usd(MicroUsd(amount).usd()),
            Unit::Requests | Unit::Tokens => Self::Count(amount),
        }
    }
}

impl Quota {
    /// The limits of `user` now, with those of all keys.
    pub async fn of(store: &Store, user: &User) -> Result<Self, ApiError> {
        Self::with_keys(store, user, store.api_keys(&user.id)).await
    }

    /// The limits of `user` now, with those of `key` alone: a key tells nothing of the others.
    pub async fn of_key(store: &Store, user: &User, key: &ApiKey) -> Result<Self, ApiError> {
        Self::with_keys(store, user, ready(Ok(vec![key.clone()]))).await
    }

    async fn with_keys(
        store: &Store,
        user: &User,
        keys: impl Future<Output = Result<Vec<ApiKey>, StoreError>>,
    ) -> Result<Self, ApiError> {
        let (policy, meter, top_ups, keys) = tokio::try_join!(
            store.policy(&user.quota_policy),
            store.meter(&user.id),
            store.top_ups(&user.id),
            keys
        )?;
        let meter = meter.unwrap_or_default();
        let policy = policy.ok_or_else(refusal::no_policy)?;
        let now = store.clock().now();
        let raised = quota::raised(&policy, &top_ups, now);
        let limits = Limits::from(raised.as_ref().unwrap_or(&policy));
        let look = Look {
            store,
            user,
            meter: &meter,
            now,
        };
        let mut limited = Vec::new();
        for key in keys.into_iter().filter(|key| !key.limits.is_empty()) {
            limited.push(KeyQuota {
                limits: look.used(Limits::of_key(&policy, &key), Some(&key.id)).await?,
                id: key.id,
                name: key.name,
            });
        }
        Ok(Self {
            opens_at: hours::closed_until(&policy, now),
            limits: look.used(limits, None).await?,
            keys: limited,
            levels: LevelQuota::above(store, user).await?,
            top_ups: top_ups.iter().map(TopUpStatus::from).collect(),
            policy,
        })
    }

    /// What is used of each limit, by its name.
    pub fn used(&self) -> BTreeMap<String, &Amount> {
        let used = self.limits.iter().map(|limit| (limit.name.to_string(), &limit.used));
        used.collect()
    }
}

/// A look at a person's meter.
#[derive(Clone, Copy)]
struct Look<'a> {
    store: &'a Store,
    user: &'a User,
    meter: &'a Meter,
    now: Timestamp,
}

impl Look<'_> {
    /// The use of the limits; of a key, those of `key`.
    async fn used(self, limits: Limits, key: Option<&KeyId>) -> Result<Vec<LimitStatus>, StoreError> {
        let Self {
            store,
            user,
            meter,
            now,
        } = self;
        let seen = Seen {
            user: &user.id,
            key,
            now,
        };
        let limits = store.beginning(seen, &limits, meter).await?.unwrap_or(limits);
        let used = quota::limit_usage(meter, &limits, now);
        Ok(used.iter().map(|usage| LimitStatus::new(usage, now)).collect())
    }
}

impl LevelQuota {
    /// Those above `user`, the nearest first.
    async fn above(store: &Store, user: &User) -> Result<Vec<Self>, StoreError> {
        let budgets = store.budgets().await?;
        let department = user.department.as_ref().and_then(|name| budgets.department(name));
        let mut levels = Vec::new();
        for budget in department.into_iter().chain([&budgets.organisation]) {
            if !budget.limits.is_empty() {
                levels.push(Self::of(store, budget).await?);
            }
        }
        Ok(levels)
    }

    async fn of(store: &Store, budget: &Budget) -> Result<Self, StoreError> {
        let owner = Owner::of(budget);
        let meter = store.owner_meter(&owner).await?;
        let limits = quota::upper_usage(budget, &meter, &[], store.clock().now());
        let shown = limits.into_iter().map(|limit| LimitOfMany {
            name: limit.name,
            resets_at: limit.resets_at,
        });
        Ok(Self {
            level: owner.kind().name(),
            account: budget.name.clone(),
            limits: shown.collect(),
        })
    }
}

impl From<&TopUp> for TopUpStatus {
    fn from(top_up: &TopUp) -> Self {
        Self {
            name: top_up.limit.clone(),
            add: Amount::of(top_up.limit.unit(), top_up.add),
            until: top_up.until,
        }
    }
}

impl LimitStatus {
    fn new(usage: &LimitUsage, now: Timestamp) -> Self {
        let amount = |amount| Amount::of(usage.measure.unit(), amount);
        Self {
            name: usage.name.clone(),
            limit: amount(usage.value),
            used: amount(usage.used),
            reserved: Some(usage.reserved).filter(|reserved| *reserved > 0).map(amount),
            remaining: amount(usage.remaining()),
            resets_at: Some(usage.resets_at).filter(|at| *at > now && *at < Timestamp::MAX),
        }
    }
}
