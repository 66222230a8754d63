//! A policy as administrators write it: limits of 0 are none, and `null` goes back to what is without limit.

use std::num::NonZeroU64;

use domain::models::catalog::{Catalog, Model};
use domain::models::hours::{TimeOfDay, TimeRange};
use domain::models::limit::{self, MAX_COST};
use domain::models::notify::Notify;
use domain::models::policy::{DEFAULT_WINDOW_SECONDS, MAX_LIMIT, MAX_WINDOW_SECONDS, Mode, Policy};
use domain::models::price::MicroUsd;
use domain::models::settings::{Settings, UnpricedModels};
use domain::models::usage::Endpoint;
use domain::models::zone::Zone;
use domain::models::{ModelGlob, ModelId, PolicyName};
use jiff::Timestamp;
use serde::Deserialize;
use service::http::ApiError;
use service::http::managed::constraint::{list, max_items, seconds};
use service::http::managed::member::Given as _;
use service::managed_object;
use service::store::Store;

use crate::models::no_default_model;

const MAX_MODELS: usize = 100;
const MAX_RANGES: usize = 50;
/// Limits of one policy's list.
const MAX_LIMITS: usize = 12;

managed_object! {
    // Also the creation form, which changes a policy without limits.
    Policy: PolicyPatch {
        required name:                  PolicyName;
        nullable mode:                  Mode;
        nullable rate_limit:            Limit;
        nullable rate_limit_window:     u32 = DEFAULT_WINDOW_SECONDS, seconds(1..=MAX_WINDOW_SECONDS);
        nullable request_quota_daily:   Limit;
        nullable token_rate_limit:      Limit;
        nullable token_quota_daily:     Limit;
        nullable token_quota_monthly:   Limit;
        nullable cost_quota_monthly:    Cost;
        nullable max_concurrency:       Limit;
        nullable limits:                Vec<limit::Limit>, list(check_limits);
        nullable available_time_ranges: Vec<TimeRange>, list(check_ranges);
        nullable timezone:              Zone;
        nullable models:                Vec<ModelGlob>, max_items(MAX_MODELS, "models");
        nullable default_model:         ModelId;
        nullable region:                String;
        nullable notify:                Notify;
    }
}

impl PolicyPatch {
    /// `old` with the changes.
    pub(crate) fn applied(&self, old: Policy, now: Timestamp) -> Result<Policy, ApiError> {
        let mut policy = old.clone();
        self.apply(&mut policy)?;
        check_spellings(&policy)?;
        policy.slots = limit::slots(&policy.limits, (&old.limits, &old.slots));
        policy.created_at = policy.created_at.or(Some(now));
        policy.updated_at = Some(now);
        policy.version += 1;
        Ok(policy)
    }

    /// True if `policy` limits cost, and the patch gives the limit or the models that it is for.
    pub(crate) fn concerns_cost(&self, policy: &Policy) -> bool {
        let is_given = self.cost_quota_monthly.is_given() || self.limits.is_given() || self.models.is_given();
        policy.limits_cost() && is_given
    }

    /// Refuses a default model that does not exist or must not be used under the policy (promise 19), if the patch
    /// gives one or changes which may be used.
    pub(super) async fn check_default_model(&self, policy: &Policy, store: &Store) -> Result<(), ApiError> {
        let is_concerned = self.default_model.is_given() || self.models.is_given();
        let Some(id) = policy.default_model.as_ref().filter(|_| is_concerned) else {
            return Ok(());
        };
        if store.model(id).await?.is_none() {
            return Err(no_default_model(id));
        }
        check_default_is_allowed(policy)
    }
}

/// Refuses a limit that a field and the list both have.
fn check_spellings(policy: &Policy) -> Result<(), ApiError> {
    for (place, listed) in policy
        .limits
        .iter()
        .enumerate()
        .filter(|(_, limit)| limit.models.is_empty())
    {
        let mut fields = policy.field_limits();
        if fields.any(|(measure, _)| measure == listed.measure) {
            let message = format!("`{}` is limited by the policy's own field already", listed.measure);
            return Err(ApiError::invalid(format!("limits[{place}]"), message));
        }
    }
    Ok(())
}

/// Refuses a default model that must not be used under the policy.
pub(crate) fn check_default_is_allowed(policy: &Policy) -> Result<(), ApiError> {
    match policy.default_model.as_ref().map(ModelId::as_str) {
        Some(id) if !policy.allows_model(id) => Err(ApiError::invalid(
            "default_model",
            format!("{id:?} is none of the policy's `models`"),
        )),
        Some(_) | None => Ok(()),
    }
}

/// Refuses a policy that limits cost and allows a model whose cost is not known, where the settings say so and the
/// patch concerns either (OP9).
pub(super) async fn check_prices(patch: &PolicyPatch, policy: &Policy, store: &Store) -> Result<(), ApiError> {
    if !patch.concerns_cost(policy) {
        return Ok(());
    }
    let (settings, catalog) = tokio::try_join!(store.read_settings(), store.read_catalog())?;
    check_prices_of(policy, &settings, &catalog, store.clock().now())
}

/// Refuses a policy that allows a model of `catalog` whose cost is not known, where the settings say so.
pub(crate) fn check_prices_of(
    policy: &Policy,
    settings: &Settings,
    catalog: &Catalog,
    now: Timestamp,
) -> Result<(), ApiError> {
    if settings.unpriced_models != UnpricedModels::RefusePolicy {
        return Ok(());
    }
    let is_unpriced = |model: &&Model| {
        let endpoint = model
            .kinds
            .first()
            .map_or(Endpoint::ChatCompletions, |kind| kind.endpoint());
        model.enabled && policy.allows_model(model.id.as_str()) && !model.is_priced_at(endpoint, now)
    };
    match catalog.entries().map(|entry| &entry.model).find(is_unpriced) {
        Some(model) => Err(ApiError::invalid(
            "cost_quota_monthly",
            format!("the policy allows the model `{}`, which has no price", model.id),
        )),
        None => Ok(()),
    }
}

/// Requests or tokens, 0 to [`MAX_LIMIT`]; 0 is no limit.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "u64")]
pub(crate) struct Limit(u64);

impl TryFrom<u64> for Limit {
    type Error = String;

    fn try_from(number: u64) -> Result<Self, String> {
        if number > MAX_LIMIT {
            Err(format!("must be 0 to {MAX_LIMIT}"))
        } else {
            Ok(Self(number))
        }
    }
}

impl From<Limit> for Option<NonZeroU64> {
    fn from(limit: Limit) -> Self {
        NonZeroU64::new(limit.0)
    }
}

/// USD with at most six decimals, 0 to [`MAX_COST`]; 0 is no limit.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "f64")]
pub(crate) struct Cost(MicroUsd);

impl TryFrom<f64> for Cost {
    type Error = &'static str;

    fn try_from(usd: f64) -> Result<Self, &'static str> {
        MicroUsd::from_usd(usd)
            .filter(|amount| *amount <= MAX_COST)
            .map(Self)
            .ok_or("must be USD, 0 to 1000000000, with at most six decimals")
    }
}

impl From<Cost> for Option<MicroUsd> {
    fn from(cost: Cost) -> Self {
        Some(cost.0).filter(|amount| *amount > MicroUsd(0))
    }
}

fn check_limits(limits: &[limit::Limit]) -> Result<(), String> {
    limit::check_list(limits, MAX_LIMITS)
}

fn check_ranges(ranges: &[TimeRange]) -> Result<(), String> {
    if ranges.len() > MAX_RANGES {
        return Err(format!("may hold at most {MAX_RANGES} ranges"));
    }
    let is_empty = |range: &&TimeRange| range.start == range.end || range.start == TimeOfDay::END_OF_DAY;
    match ranges.iter().find(is_empty) {
        Some(range) => Err(format!("{range} is empty; a whole day is 00:00-24:00")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use service::http::json::parse;

    use super::*;

    fn apply(form: &Value, old: &Policy) -> Result<Policy, ApiError> {
        parse::<PolicyPatch>(form.to_string().as_bytes())?.applied(old.clone(), Timestamp::UNIX_EPOCH)
    }

    fn blank() -> Policy {
        Policy::unlimited(PolicyName::default())
    }

    #[test]
    fn p47_absent_null_and_zero_are_no_limit() {
        let limits = json!({
            "rate_limit": 5, "token_quota_monthly": 1_000_000_000_000_u64, "cost_quota_monthly": 0.5,
            "max_concurrency": 2
        });
        let limited = apply(&limits, &blank()).unwrap();
        assert_eq!(limited.rate_limit, NonZeroU64::new(5));
        assert_eq!(limited.cost_quota_monthly, Some(MicroUsd(500_000)));
        assert!(apply(&json!({}), &blank()).unwrap().counts_nothing());
        assert_eq!(
            apply(&json!({"models": null}), &limited).unwrap().rate_limit,
            limited.rate_limit,
            "what is absent stays"
        );
        for none in [Value::Null, json!(0)] {
            let cleared = json!({
                "rate_limit": none, "token_quota_monthly": none, "cost_quota_monthly": none, "max_concurrency": none
            });
            assert!(apply(&cleared, &limited).unwrap().counts_nothing(), "{none}");
        }
    }

    #[test]
    fn p28_wrong_values_name_their_field() {
        for (field, value) in [
            ("rate_limit", json!(-1)),
            ("rate_limit", json!(1.5)),
            ("request_quota_daily", json!("10")),
            ("token_quota_daily", json!(1_000_000_000_001_u64)),
            ("cost_quota_monthly", json!(-0.01)),
            ("cost_quota_monthly", json!(0.000_000_1)),
            ("cost_quota_monthly", json!(1e10)),
            ("rate_limit_window", json!(0)),
            ("rate_limit_window", json!(86_401)),
            ("timezone", json!("Mars/Olympus")),
            ("mode", json!("lenient")),
            ("models", json!(["zai-org/glm"])),
            ("models", json!(vec!["m"; 101])),
            ("available_time_ranges", json!([{"start": "09:00", "end": "09:00"}])),
            ("available_time_ranges", json!([{"start": "24:00", "end": "09:00"}])),
            (
                "available_time_ranges[0].end",
                json!([{"start": "09:00", "end": "25:00"}]),
            ),
            (
                "available_time_ranges[0].until",
                json!([{"start": "09:00", "until": "10:00"}]),
            ),
            (
                "available_time_ranges[0].days",
                json!([{"start": "09:00", "end": "10:00", "days": ["monday"]}]),
            ),
            ("unknown", json!(1)),
        ] {
            let member = field.split('[').next().unwrap();
            let error = apply(&json!({member: value}), &blank()).unwrap_err();
            let named = error.field_name().unwrap_or_default();
            assert!(
                named == field || named.starts_with(&format!("{field}[")),
                "{value}: {named} instead of {field}"
            );
        }
    }
}
