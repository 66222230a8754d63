//! A policy as administrators write it: limits of 0 are none, and `null` goes back to what is without limit.

use std::num::NonZeroU64;

use domain::models::hours::{TimeOfDay, TimeRange};
use domain::models::policy::{MAX_LIMIT, MAX_WINDOW_SECONDS, Mode, Policy};
use domain::models::price::MicroUsd;
use domain::models::zone::Zone;
use domain::models::{ModelGlob, ModelId, PolicyName};
use jiff::Timestamp;
use serde::Deserialize;
use service::http::ApiError;
use service::http::json::nullable;
use service::store::Store;

const MAX_MODELS: usize = 100;
const MAX_RANGES: usize = 50;
/// A thousand million dollars.
const MAX_COST: MicroUsd = MicroUsd(1_000_000_000_000_000);

/// A new policy or a change of one: absent fields stay as they are.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyForm {
    pub(super) name: Option<PolicyName>,
    #[serde(default, deserialize_with = "nullable")]
    mode: Option<Option<Mode>>,
    #[serde(default, deserialize_with = "nullable")]
    rate_limit: Option<Option<u64>>,
    #[serde(default, deserialize_with = "nullable")]
    rate_limit_window: Option<Option<u32>>,
    #[serde(default, deserialize_with = "nullable")]
    request_quota_daily: Option<Option<u64>>,
    #[serde(default, deserialize_with = "nullable")]
    token_rate_limit: Option<Option<u64>>,
    #[serde(default, deserialize_with = "nullable")]
    token_quota_daily: Option<Option<u64>>,
    #[serde(default, deserialize_with = "nullable")]
    token_quota_monthly: Option<Option<u64>>,
    #[serde(default, deserialize_with = "nullable")]
    cost_quota_monthly: Option<Option<f64>>,
    #[serde(default, deserialize_with = "nullable")]
    max_concurrency: Option<Option<u64>>,
    #[serde(default, deserialize_with = "nullable")]
    available_time_ranges: Option<Option<Vec<TimeRange>>>,
    #[serde(default, deserialize_with = "nullable")]
    timezone: Option<Option<Zone>>,
    #[serde(default, deserialize_with = "nullable")]
    models: Option<Option<Vec<ModelGlob>>>,
    #[serde(default, deserialize_with = "nullable")]
    default_model: Option<Option<ModelId>>,
    #[serde(default, deserialize_with = "nullable")]
    region: Option<Option<String>>,
    pub(super) version: Option<u64>,
}

impl PolicyForm {
    /// The names of the fields that are given, for the audit trail.
    pub(super) fn fields(&self) -> Vec<String> {
        let given = [
            ("mode", self.mode.is_some()),
            ("rate_limit", self.rate_limit.is_some()),
            ("rate_limit_window", self.rate_limit_window.is_some()),
            ("request_quota_daily", self.request_quota_daily.is_some()),
            ("token_rate_limit", self.token_rate_limit.is_some()),
            ("token_quota_daily", self.token_quota_daily.is_some()),
            ("token_quota_monthly", self.token_quota_monthly.is_some()),
            ("cost_quota_monthly", self.cost_quota_monthly.is_some()),
            ("max_concurrency", self.max_concurrency.is_some()),
            ("available_time_ranges", self.available_time_ranges.is_some()),
            ("timezone", self.timezone.is_some()),
            ("models", self.models.is_some()),
            ("default_model", self.default_model.is_some()),
            ("region", self.region.is_some()),
        ];
        given
            .into_iter()
            .filter(|(_, given)| *given)
            .map(|(field, _)| field.to_owned())
            .collect()
    }

    /// The policy that the form makes of `old`.
    pub(super) fn apply(&self, old: Policy, now: Timestamp) -> Result<Policy, ApiError> {
        let blank = Policy::unlimited(old.name.clone());
        Ok(Policy {
            mode: self.mode.map_or(old.mode, Option::unwrap_or_default),
            rate_limit: limit("rate_limit", self.rate_limit, old.rate_limit)?,
            rate_limit_window: window(
                self.rate_limit_window
                    .map_or(old.rate_limit_window, |given| given.unwrap_or(blank.rate_limit_window)),
            )?,
            request_quota_daily: limit("request_quota_daily", self.request_quota_daily, old.request_quota_daily)?,
            token_rate_limit: limit("token_rate_limit", self.token_rate_limit, old.token_rate_limit)?,
            token_quota_daily: limit("token_quota_daily", self.token_quota_daily, old.token_quota_daily)?,
            token_quota_monthly: limit("token_quota_monthly", self.token_quota_monthly, old.token_quota_monthly)?,
            cost_quota_monthly: self.cost_quota_monthly.map_or(Ok(old.cost_quota_monthly), cost)?,
            max_concurrency: limit("max_concurrency", self.max_concurrency, old.max_concurrency)?,
            available_time_ranges: ranges(
                self.available_time_ranges
                    .clone()
                    .map_or(old.available_time_ranges, Option::unwrap_or_default),
            )?,
            timezone: self.timezone.clone().map_or(old.timezone, Option::unwrap_or_default),
            models: models(self.models.clone().map_or(old.models, Option::unwrap_or_default))?,
            default_model: self.default_model.clone().unwrap_or(old.default_model),
            region: self.region.clone().unwrap_or(old.region),
            name: old.name,
            created_at: old.created_at.or(Some(now)),
            updated_at: Some(now),
            version: old.version + 1,
        })
    }

    /// A default model exists and may be used under the policy (promise 19), if the form says anything about it.
    pub(super) async fn check_default_model(&self, policy: &Policy, store: &Store) -> Result<(), ApiError> {
        let Some(id) = policy
            .default_model
            .as_ref()
            .filter(|_| self.default_model.is_some() || self.models.is_some())
        else {
            return Ok(());
        };
        if store.model(id).await?.is_none() {
            return Err(ApiError::invalid(
                "default_model",
                format!("there is no model {:?}", id.as_str()),
            ));
        }
        if policy.allows_model(id.as_str()) {
            return Ok(());
        }
        Err(ApiError::invalid(
            "default_model",
            format!("{:?} is none of the policy's `models`", id.as_str()),
        ))
    }
}

fn limit(field: &str, given: Option<Option<u64>>, old: Option<NonZeroU64>) -> Result<Option<NonZeroU64>, ApiError> {
    match given {
        None => Ok(old),
        Some(Some(number)) if number > MAX_LIMIT => Err(ApiError::invalid(field, format!("must be 0 to {MAX_LIMIT}"))),
        Some(number) => Ok(number.and_then(NonZeroU64::new)),
    }
}

fn cost(given: Option<f64>) -> Result<Option<MicroUsd>, ApiError> {
    let Some(usd) = given else { return Ok(None) };
    let amount = MicroUsd::from_usd(usd).filter(|amount| *amount <= MAX_COST);
    let amount = amount.ok_or_else(|| {
        ApiError::invalid(
            "cost_quota_monthly",
            "must be USD, 0 to 1000000000, with at most six decimals",
        )
    })?;
    Ok((amount > MicroUsd(0)).then_some(amount))
}

fn window(seconds: u32) -> Result<u32, ApiError> {
    let allowed = (1..=MAX_WINDOW_SECONDS).contains(&seconds);
    allowed.then_some(seconds).ok_or_else(|| {
        ApiError::invalid(
            "rate_limit_window",
            format!("must be 1 to {MAX_WINDOW_SECONDS} seconds"),
        )
    })
}

fn ranges(ranges: Vec<TimeRange>) -> Result<Vec<TimeRange>, ApiError> {
    const FIELD: &str = "available_time_ranges";
    if ranges.len() > MAX_RANGES {
        return Err(ApiError::invalid(
            FIELD,
            format!("may hold at most {MAX_RANGES} ranges"),
        ));
    }
    match ranges
        .iter()
        .find(|range| range.start == range.end || range.start == TimeOfDay::END_OF_DAY)
    {
        Some(range) => Err(ApiError::invalid(
            FIELD,
            format!("{range} is empty; a whole day is 00:00-24:00"),
        )),
        None => Ok(ranges),
    }
}

fn models(models: Vec<ModelGlob>) -> Result<Vec<ModelGlob>, ApiError> {
    if models.len() > MAX_MODELS {
        return Err(ApiError::invalid(
            "models",
            format!("may name at most {MAX_MODELS} models"),
        ));
    }
    Ok(models)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use service::http::json::parse;

    use super::*;

    fn apply(form: &Value, old: &Policy) -> Result<Policy, ApiError> {
        parse::<PolicyForm>(form.to_string().as_bytes())?.apply(old.clone(), Timestamp::UNIX_EPOCH)
    }

    fn blank() -> Policy {
        Policy::unlimited(PolicyName::default())
    }

    #[test]
    fn p47_absent_null_and_zero_are_no_limit() {
        let limits = json!({"rate_limit": 5, "token_quota_monthly": 1_000_000_000_000_u64, "cost_quota_monthly": 0.5, "max_concurrency": 2});
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
            let cleared = json!({"rate_limit": none, "token_quota_monthly": none, "cost_quota_monthly": none, "max_concurrency": none});
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
