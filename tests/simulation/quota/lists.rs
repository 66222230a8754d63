//! Policies and keys with limits in lists, each small enough to be reached.

use domain::models::api_key::ApiKey;
use domain::models::limit::{Limit, slots};
use domain::models::policy::Policy;
use domain::models::price::MicroUsd;
use domain::models::{DisplayName, KeyId, ModelGlob, PolicyName, UserId};
use jiff::Timestamp;
use serde_json::json;

use crate::dice::Dice;

/// Adds up to three limits to the policy, none of which it has already.
pub(super) fn add(policy: &mut Policy, dice: &mut Dice) {
    for _ in 0..dice.between(1, 3) {
        let limit = limit(dice);
        put(policy, limit);
    }
}

/// A policy that limits cost: all that its requests may use is reserved.
pub(super) fn costly() -> Policy {
    let mut policy = Policy::unlimited(PolicyName::default());
    policy.cost_quota_monthly = Some(MicroUsd(1));
    policy
}

/// Adds a limit to the policy, unless it has one that limits the same.
pub(super) fn put(policy: &mut Policy, limit: Limit) {
    let is_there = policy.field_limits().any(|(measure, _)| measure == limit.measure);
    if is_there || policy.limits.iter().any(|known| known.is_like(&limit)) {
        return;
    }
    let (old, old_slots) = (policy.limits.clone(), policy.slots.clone());
    policy.limits.push(limit);
    policy.slots = slots(&policy.limits, (&old, &old_slots));
}

/// One or two keys, with up to two limits each.
pub(super) fn keys(dice: &mut Dice) -> Vec<ApiKey> {
    let names = ["k", "l"];
    let keys = names.into_iter().take(usize::try_from(dice.between(1, 2)).unwrap());
    let of_key = |name| {
        let mut limits: Vec<Limit> = (0..dice.between(0, 2)).map(|_| limit(dice)).collect();
        if limits.len() == 2 && limits[0].is_like(&limits[1]) {
            limits.pop();
        }
        key(name, limits)
    };
    keys.map(of_key).collect()
}

pub(super) fn key(id: &str, limits: Vec<Limit>) -> ApiKey {
    ApiKey {
        id: KeyId::parse(id).unwrap(),
        owner: UserId::parse("owner").unwrap(),
        name: DisplayName::parse("key").unwrap(),
        key_prefix: String::new(),
        models: Vec::new(),
        slots: slots(&limits, (&[], &[])),
        limits,
        expires_at: None,
        enabled: true,
        created_at: Timestamp::UNIX_EPOCH,
        last_used_at: None,
        session: None,
        epoch: None,
        version: 1,
    }
}

/// A limit that begins at what was used before it came: with a counter of its own, and no rate.
pub(super) fn coming(dice: &mut Dice) -> Limit {
    let (what, amount) = dice.pick(&[("requests", 4), ("tokens", 400), ("cost", 1)]);
    let per = dice.pick(&["week", "total"]);
    serde_json::from_value(json!({"what": what, "per": per, "amount": amount})).unwrap()
}

fn limit(dice: &mut Dice) -> Limit {
    let models = dice.pick(&[vec![], vec!["opus*"], vec!["m", "opus*"]]);
    let per = dice.pick(&["day", "week", "week", "month", "total", "total", "7s", "60s"]);
    let amount = match dice.below(4) {
        0 => json!({"what": "requests", "per": per, "amount": dice.between(1, 5)}),
        1 => json!({"what": "tokens", "per": per, "amount": dice.between(50, 400)}),
        2 => {
            let micro_usd = dice.between(100, 900);
            let usd: serde_json::Value = serde_json::from_str(&format!("0.{micro_usd:06}")).unwrap();
            json!({"what": "cost", "per": per, "amount": usd})
        }
        _ => json!({"what": "concurrency", "amount": dice.between(1, 3)}),
    };
    let mut limit: Limit = serde_json::from_value(amount).unwrap();
    limit.models = models
        .into_iter()
        .map(|model| ModelGlob::parse(model).unwrap())
        .collect();
    limit
}
