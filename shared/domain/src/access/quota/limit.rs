//! The limits that a policy can have, and their names.

use serde::{Deserialize, Serialize};

/// One limit of a policy, named as the policy's field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    RateLimit,
    TokenRateLimit,
    RequestQuotaDaily,
    TokenQuotaDaily,
    TokenQuotaMonthly,
    CostQuotaMonthly,
    MaxConcurrency,
}

impl Limit {
    pub const ALL: [Self; 7] = [
        Self::RateLimit,
        Self::TokenRateLimit,
        Self::RequestQuotaDaily,
        Self::TokenQuotaDaily,
        Self::TokenQuotaMonthly,
        Self::CostQuotaMonthly,
        Self::MaxConcurrency,
    ];

    /// The policy's field.
    pub fn field(self) -> &'static str {
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
}
