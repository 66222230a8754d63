//! What the users under a policy may use, when, and how much of it (api.md §5, "Policy").

use std::num::NonZeroU64;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::catalog::glob_matches;
use super::hours::TimeRange;
use super::limit::{Limit, Measure, Per, Slot, Unit};
use super::notify::Notify;
use super::price::MicroUsd;
use super::zone::Zone;
use super::{ModelGlob, ModelId, PolicyName};

pub use super::limit::{MAX_LIMIT, MAX_WINDOW_SECONDS};

pub const DEFAULT_WINDOW_SECONDS: u32 = 60;

/// A policy. A limit that is absent is none; 0 is never stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    pub name: PolicyName,
    #[serde(default)]
    pub mode: Mode,
    /// Requests in any `rate_limit_window`.
    #[serde(default)]
    pub rate_limit: Option<NonZeroU64>,
    /// In seconds, of both rates: 1 to [`MAX_WINDOW_SECONDS`].
    pub rate_limit_window: u32,
    /// Requests a day.
    #[serde(default)]
    pub request_quota_daily: Option<NonZeroU64>,
    /// Tokens, input and output, in any `rate_limit_window`.
    #[serde(default)]
    pub token_rate_limit: Option<NonZeroU64>,
    #[serde(default)]
    pub token_quota_daily: Option<NonZeroU64>,
    #[serde(default)]
    pub token_quota_monthly: Option<NonZeroU64>,
    /// USD, with at most six decimals.
    #[serde(default, with = "usd")]
    pub cost_quota_monthly: Option<MicroUsd>,
    /// Requests under way at once.
    #[serde(default)]
    pub max_concurrency: Option<NonZeroU64>,
    /// Limits besides those of the fields above.
    #[serde(default)]
    pub limits: Vec<Limit>,
    /// For each of `limits` the name of the counter that it has if no counter of all users' meters is its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slots: Vec<Slot>,
    /// Empty is always.
    #[serde(default)]
    pub available_time_ranges: Vec<TimeRange>,
    /// By whose clock days and months begin, and the hours are judged.
    #[serde(default)]
    pub timezone: Zone,
    /// Ids of models and globs over them; empty or `*` is every model.
    #[serde(default)]
    pub models: Vec<ModelGlob>,
    /// The fallback when the requested model has no usable backend.
    #[serde(default)]
    pub default_model: Option<ModelId>,
    /// Whose backends come first, before those of the gateway's own region.
    #[serde(default)]
    pub region: Option<String>,
    /// Who is told when limits are nearly full; without it the settings say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify: Option<Notify>,
    /// Absent until somebody has touched the policy that always exists.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
    #[serde(default)]
    pub updated_at: Option<Timestamp>,
    pub version: u64,
}

/// What becomes of a request that the policy refuses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It is refused.
    #[default]
    Enforce,
    /// It is logged and served: to see what a policy would do. Rights to models hold in any case.
    Shadow,
}

impl Policy {
    /// The policy as the audit trail tells it.
    #[must_use]
    pub fn told(&self) -> Self {
        Self {
            notify: self.notify.as_ref().map(Notify::told),
            ..self.clone()
        }
    }

    /// A policy that limits nothing yet, version 0.
    pub fn unlimited(name: PolicyName) -> Self {
        Self {
            name,
            mode: Mode::Enforce,
            rate_limit: None,
            rate_limit_window: DEFAULT_WINDOW_SECONDS,
            request_quota_daily: None,
            token_rate_limit: None,
            token_quota_daily: None,
            token_quota_monthly: None,
            cost_quota_monthly: None,
            max_concurrency: None,
            limits: Vec::new(),
            slots: Vec::new(),
            available_time_ranges: Vec::new(),
            timezone: Zone::default(),
            models: Vec::new(),
            default_model: None,
            region: None,
            notify: None,
            created_at: None,
            updated_at: None,
            version: 0,
        }
    }

    /// True if nothing has to be counted before a request is served.
    pub fn counts_nothing(&self) -> bool {
        self.limits.is_empty() && self.field_limits().next().is_none()
    }

    /// The limits of the fields, with what they are about.
    pub fn field_limits(&self) -> impl Iterator<Item = (Measure, NonZeroU64)> {
        let window = Per::Seconds(self.rate_limit_window);
        let cost = self.cost_quota_monthly.and_then(|cost| NonZeroU64::new(cost.0));
        let fields = [
            (Measure::Amount(Unit::Requests, window), self.rate_limit),
            (Measure::Amount(Unit::Tokens, window), self.token_rate_limit),
            (Measure::Amount(Unit::Requests, Per::Day), self.request_quota_daily),
            (Measure::Amount(Unit::Tokens, Per::Day), self.token_quota_daily),
            (Measure::Amount(Unit::Tokens, Per::Month), self.token_quota_monthly),
            (Measure::Amount(Unit::Cost, Per::Month), cost),
            (Measure::Concurrency, self.max_concurrency),
        ];
        fields
            .into_iter()
            .filter_map(|(measure, amount)| Some((measure, amount?)))
    }

    /// True if a limit is of cost: what a request will cost has to be known.
    pub fn limits_cost(&self) -> bool {
        let is_cost = |limit: &Limit| limit.measure.unit() == Unit::Cost;
        self.cost_quota_monthly.is_some() || self.limits.iter().any(is_cost)
    }

    /// True if the model `id` may be used (promise 19).
    pub fn allows_model(&self, id: &str) -> bool {
        self.models.is_empty() || self.models.iter().any(|glob| glob_matches(glob.as_str(), id))
    }
}

/// An amount as people write it: USD as a decimal number.
mod usd {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    use super::MicroUsd;

    #[expect(clippy::ref_option, reason = "serde hands over the field as it is")]
    pub(super) fn serialize<S: Serializer>(amount: &Option<MicroUsd>, serializer: S) -> Result<S::Ok, S::Error> {
        amount.map(MicroUsd::usd).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<MicroUsd>, D::Error> {
        let Some(usd) = Option::<f64>::deserialize(deserializer)? else {
            return Ok(None);
        };
        MicroUsd::from_usd(usd)
            .map(Some)
            .ok_or_else(|| de::Error::custom("must be an amount of USD"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p19_models_are_ids_and_globs() {
        let mut policy = Policy::unlimited(PolicyName::default());
        assert!(policy.allows_model("glm-4.7"), "an empty list is every model");
        policy.models = ["glm*", "kimi2.5"].map(|glob| ModelGlob::parse(glob).unwrap()).to_vec();
        for (model, allowed) in [
            ("glm-4.7", true),
            ("glm", true),
            ("GLM-4.7", false),
            ("kimi2.5", true),
            ("kimi2.5-x", false),
        ] {
            assert_eq!(policy.allows_model(model), allowed, "{model}");
        }
        assert!(
            ModelGlob::parse("zai-org/glm").is_err(),
            "rights are judged by the id, which holds no slash"
        );
    }

    #[test]
    fn p47_a_policy_is_read_as_it_was_written() {
        let mut policy = Policy::unlimited(PolicyName::default());
        policy.cost_quota_monthly = Some(MicroUsd(12_345_678));
        policy.rate_limit = NonZeroU64::new(MAX_LIMIT);
        policy.timezone = Zone::parse("Asia/Shanghai").unwrap();
        let json = serde_json::to_value(&policy).unwrap();
        assert_eq!(json["cost_quota_monthly"], 12.345_678);
        assert_eq!(json["timezone"], "Asia/Shanghai");
        assert_eq!(serde_json::from_value::<Policy>(json).unwrap(), policy);
    }

    #[test]
    fn each_limit_makes_something_to_count_and_hours_and_models_do_not() {
        let limit = NonZeroU64::MIN;
        let limits: [fn(&mut Policy, NonZeroU64); 7] = [
            |policy, limit| policy.rate_limit = Some(limit),
            |policy, limit| policy.request_quota_daily = Some(limit),
            |policy, limit| policy.token_rate_limit = Some(limit),
            |policy, limit| policy.token_quota_daily = Some(limit),
            |policy, limit| policy.token_quota_monthly = Some(limit),
            |policy, limit| policy.cost_quota_monthly = Some(MicroUsd(limit.get())),
            |policy, limit| policy.max_concurrency = Some(limit),
        ];
        for set in limits {
            let mut policy = Policy::unlimited(PolicyName::default());
            policy.models = vec![ModelGlob::parse("a").unwrap()];
            assert!(policy.counts_nothing());
            set(&mut policy, limit);
            assert!(!policy.counts_nothing());
        }
    }
}
