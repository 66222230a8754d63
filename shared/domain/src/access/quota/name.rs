//! The names of limits: the policy's field where there is one, else what the limit says.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::models::ModelGlob;
use crate::models::limit::{Limit, Measure, Per, Unit};

/// A limit with a field of its own in policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    RateLimit,
    TokenRateLimit,
    RequestQuotaDaily,
    TokenQuotaDaily,
    TokenQuotaMonthly,
    CostQuotaMonthly,
    MaxConcurrency,
}

/// The name of a limit: `cost_quota_monthly`, `cost/week`, `tokens/day/opus*,sonnet*`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum LimitName {
    /// As the field is called, also where a list says the same.
    Field(Field),
    Listed(Measure, Vec<ModelGlob>),
}

impl Field {
    pub const ALL: [Self; 7] = [
        Self::RateLimit,
        Self::TokenRateLimit,
        Self::RequestQuotaDaily,
        Self::TokenQuotaDaily,
        Self::TokenQuotaMonthly,
        Self::CostQuotaMonthly,
        Self::MaxConcurrency,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::RateLimit => "rate_limit",
            Self::TokenRateLimit => "token_rate_limit",
            Self::RequestQuotaDaily => "request_quota_daily",
            Self::TokenQuotaDaily => "token_quota_daily",
            Self::TokenQuotaMonthly => "token_quota_monthly",
            Self::CostQuotaMonthly => "cost_quota_monthly",
            Self::MaxConcurrency => "max_concurrency",
        }
    }

    pub fn unit(self) -> Unit {
        match self {
            Self::RateLimit | Self::RequestQuotaDaily | Self::MaxConcurrency => Unit::Requests,
            Self::TokenRateLimit | Self::TokenQuotaDaily | Self::TokenQuotaMonthly => Unit::Tokens,
            Self::CostQuotaMonthly => Unit::Cost,
        }
    }

    /// The field that is about this; both rates, whatever their window is.
    fn of(measure: Measure) -> Option<Self> {
        Some(match measure {
            Measure::Concurrency => Self::MaxConcurrency,
            Measure::Amount(Unit::Requests, Per::Seconds(_)) => Self::RateLimit,
            Measure::Amount(Unit::Tokens, Per::Seconds(_)) => Self::TokenRateLimit,
            Measure::Amount(Unit::Requests, Per::Day) => Self::RequestQuotaDaily,
            Measure::Amount(Unit::Tokens, Per::Day) => Self::TokenQuotaDaily,
            Measure::Amount(Unit::Tokens, Per::Month) => Self::TokenQuotaMonthly,
            Measure::Amount(Unit::Cost, Per::Month) => Self::CostQuotaMonthly,
            Measure::Amount(..) => return None,
        })
    }
}

impl LimitName {
    /// The name of a limit that a policy has in a field.
    pub(super) fn of_field(measure: Measure) -> Self {
        Field::of(measure).map_or_else(|| Self::Listed(measure, Vec::new()), Self::Field)
    }

    /// The name of a limit in a policy's list.
    pub fn of_listed(limit: &Limit) -> Self {
        Self::listed(limit.measure, limit.models.clone())
    }

    /// A rate of a list has a window of its own, so it is never that of the field.
    fn listed(measure: Measure, models: Vec<ModelGlob>) -> Self {
        let is_rate = matches!(measure.per(), Some(Per::Seconds(_)));
        match Field::of(measure) {
            Some(field) if models.is_empty() && !is_rate => Self::Field(field),
            Some(_) | None => Self::Listed(measure, models),
        }
    }

    pub fn unit(&self) -> Unit {
        match self {
            Self::Field(field) => field.unit(),
            Self::Listed(measure, _) => measure.unit(),
        }
    }

    /// The models that it is for; none where it is for all.
    pub fn models(&self) -> &[ModelGlob] {
        match self {
            Self::Field(_) => &[],
            Self::Listed(_, models) => models,
        }
    }

    /// True of a limit of requests under way at once.
    pub fn is_concurrency(&self) -> bool {
        matches!(
            self,
            Self::Field(Field::MaxConcurrency) | Self::Listed(Measure::Concurrency, _)
        )
    }
}

impl fmt::Display for LimitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(field) => f.write_str(field.name()),
            Self::Listed(measure, models) => write!(f, "{measure}{}", Models(models)),
        }
    }
}

/// The models of a limit behind its measure: nothing where it is for all.
pub(super) struct Models<'a>(pub(super) &'a [ModelGlob]);

impl fmt::Display for Models<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, model) in self.0.iter().enumerate() {
            let before = if place == 0 { '/' } else { ',' };
            write!(f, "{before}{}", model.as_str())?;
        }
        Ok(())
    }
}

impl From<LimitName> for String {
    fn from(name: LimitName) -> Self {
        name.to_string()
    }
}

impl TryFrom<String> for LimitName {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const WRONG: &str = "must be the name of a limit, such as cost_quota_monthly or cost/week";
        if let Some(field) = Field::ALL.into_iter().find(|field| field.name() == text) {
            return Ok(Self::Field(field));
        }
        // The models are behind the last slash: no glob holds one.
        let whole = Measure::parse(&text).map(|measure| (measure, ""));
        let of_models = || {
            let (measure, models) = text.rsplit_once('/')?;
            Some((Measure::parse(measure)?, models))
        };
        let (measure, models) = whole.or_else(of_models).ok_or(WRONG)?;
        let models = models
            .split(',')
            .filter(|model| !model.is_empty())
            .map(ModelGlob::parse);
        let models: Result<Vec<ModelGlob>, _> = models.collect();
        Ok(Self::listed(measure, models.map_err(|_| WRONG)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p88_limits_have_names_that_are_read_as_they_are_written() {
        let fields = Field::ALL.map(Field::name);
        let listed = [
            "cost/week",
            "cost/day",
            "requests/60s",
            "tokens/total",
            "cost/day/opus*,glm",
            "concurrency/opus*",
        ];
        for name in fields.into_iter().chain(listed) {
            assert_eq!(LimitName::try_from(name.to_owned()).unwrap().to_string(), name);
        }
        for (name, same) in [("cost/month", "cost_quota_monthly"), ("concurrency", "max_concurrency")] {
            assert_eq!(LimitName::try_from(name.to_owned()).unwrap().to_string(), same);
        }
        for wrong in ["", "cost", "costs/day", "cost/day/a b", "max", "cost/0s"] {
            assert!(LimitName::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
