//! Limits in the words of budgets, as clients read them: the limit that a refusal names, and how much is left once
//! little is.

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value, json};

use domain::access::quota::{Limit, LimitUsage};
use domain::models::policy::Policy;
use domain::models::price::MicroUsd;

/// The percentage used from which on answers warn.
const WARNED_FROM: u128 = 80;

const WARNING: HeaderName = HeaderName::from_static("x-budget-warning");
const REMAINING_USD: HeaderName = HeaderName::from_static("x-budget-remaining-usd");

/// The level of all limits: they count what one user uses.
const LEVEL: &str = "user";

/// The unit and the window of a limit: `cost/month`, `requests/60s`, `concurrency`.
fn name(policy: &Policy, limit: Limit) -> String {
    let window = policy.rate_limit_window;
    match limit {
        Limit::RateLimit => format!("requests/{window}s"),
        Limit::TokenRateLimit => format!("tokens/{window}s"),
        Limit::RequestQuotaDaily => "requests/day".to_owned(),
        Limit::TokenQuotaDaily => "tokens/day".to_owned(),
        Limit::TokenQuotaMonthly => "tokens/month".to_owned(),
        Limit::CostQuotaMonthly => "cost/month".to_owned(),
        Limit::MaxConcurrency => "concurrency".to_owned(),
    }
}

/// Members of the error that refuses a request for this limit.
pub fn members(policy: &Policy, usage: &LimitUsage) -> Map<String, Value> {
    let members = [
        ("level", json!(LEVEL)),
        ("limit", json!(name(policy, usage.limit))),
        ("resets_at", json!(usage.resets_at)),
    ];
    members
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect()
}

/// The headers of an answer once a limit of a day or a month is used and reserved to [`WARNED_FROM`]: the limit that is
/// fullest, and the USD that are left where cost is limited.
pub fn headers(policy: &Policy, limit_usage: &[LimitUsage]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let budgets = || limit_usage.iter().filter(|usage| is_budget(usage.limit));
    let Some(fullest) = budgets().max_by_key(|usage| percent_used(usage)) else {
        return headers;
    };
    let percent = percent_used(fullest);
    if percent < WARNED_FROM {
        return headers;
    }
    let warning = format!("{LEVEL} {} {percent}%", name(policy, fullest.limit));
    headers.extend(HeaderValue::try_from(warning).ok().map(|value| (WARNING, value)));
    let of_cost = budgets().filter(|usage| usage.limit == Limit::CostQuotaMonthly);
    if let Some(least) = of_cost.map(LimitUsage::remaining).min() {
        let usd = HeaderValue::try_from(MicroUsd(least).usd().to_string());
        headers.extend(usd.ok().map(|value| (REMAINING_USD, value)));
    }
    headers
}

fn is_budget(limit: Limit) -> bool {
    match limit {
        Limit::RequestQuotaDaily | Limit::TokenQuotaDaily | Limit::TokenQuotaMonthly | Limit::CostQuotaMonthly => true,
        Limit::RateLimit | Limit::TokenRateLimit | Limit::MaxConcurrency => false,
    }
}

fn percent_used(usage: &LimitUsage) -> u128 {
    u128::from(usage.used) * 100 / u128::from(usage.value.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::models::PolicyName;
    use jiff::Timestamp;

    fn usage(limit: Limit, value: u64, used: u64) -> LimitUsage {
        LimitUsage {
            limit,
            value,
            used,
            reserved: 0,
            resets_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn told(limit_usage: &[LimitUsage]) -> Vec<(String, String)> {
        let headers = headers(&Policy::unlimited(PolicyName::default()), limit_usage);
        let text = |(name, value): (&HeaderName, &HeaderValue)| (name.to_string(), value.to_str().unwrap().to_owned());
        headers.iter().map(text).collect()
    }

    #[test]
    fn b12_answers_warn_from_80_percent_on_of_the_limit_that_is_fullest() {
        let tokens = |used| usage(Limit::TokenQuotaDaily, 1000, used);
        let cost = |used| usage(Limit::CostQuotaMonthly, 5_000_000, used);
        assert!(told(&[tokens(799), cost(0), usage(Limit::RateLimit, 1, 1)]).is_empty());
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            told(&[tokens(800), cost(1_000_000)]),
            [
                pair("x-budget-warning", "user tokens/day 80%"),
                pair("x-budget-remaining-usd", "4")
            ]
        );
        assert_eq!(
            told(&[tokens(10), cost(4_199_999)]),
            [
                pair("x-budget-warning", "user cost/month 83%"),
                pair("x-budget-remaining-usd", "0.800001")
            ]
        );
        assert_eq!(
            told(&[tokens(1200)]),
            [pair("x-budget-warning", "user tokens/day 120%")]
        );
    }
}
