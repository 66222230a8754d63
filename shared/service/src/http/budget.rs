//! Limits in the words of budgets, as clients read them: the limit that a refusal names, and how much is left once
//! little is.

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use domain::access::quota::LimitUsage;
use domain::models::limit::Unit;
use domain::models::price::MicroUsd;

/// The percentage used from which on answers warn.
const WARNED_FROM: u64 = 80;

const WARNING: HeaderName = HeaderName::from_static("x-budget-warning");
const REMAINING_USD: HeaderName = HeaderName::from_static("x-budget-remaining-usd");

/// Members of the error that refuses a request for this limit.
pub fn members(usage: &LimitUsage) -> Map<String, Value> {
    let members = [
        ("level", json!(usage.level.name())),
        ("limit", json!(usage.budget())),
        (
            "resets_at",
            json!(Some(usage.resets_at).filter(|at| *at < Timestamp::MAX)),
        ),
    ];
    members
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect()
}

/// The headers of an answer once a limit of a day or longer is used and reserved to [`WARNED_FROM`]: the limit that is
/// fullest, and the USD that are left where cost is limited.
pub fn headers(limit_usage: &[LimitUsage]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let budgets = || limit_usage.iter().filter(|usage| usage.measure.is_budget());
    let Some(fullest) = budgets().max_by_key(|usage| usage.percent_used()) else {
        return headers;
    };
    let percent = fullest.percent_used();
    if percent < WARNED_FROM {
        return headers;
    }
    let warning = format!("{} {} {percent}%", fullest.level.name(), fullest.budget());
    headers.extend(HeaderValue::try_from(warning).ok().map(|value| (WARNING, value)));
    let of_cost = budgets().filter(|usage| usage.measure.unit() == Unit::Cost);
    if let Some(least) = of_cost.map(LimitUsage::remaining).min() {
        let usd = HeaderValue::try_from(MicroUsd(least).usd().to_string());
        headers.extend(usd.ok().map(|value| (REMAINING_USD, value)));
    }
    headers
}

#[cfg(test)]
mod tests {
    use domain::access::quota::AccountKind;

    use super::*;

    fn told(limit_usage: &[LimitUsage]) -> Vec<(String, String)> {
        let headers = headers(limit_usage);
        let text = |(name, value): (&HeaderName, &HeaderValue)| (name.to_string(), value.to_str().unwrap().to_owned());
        headers.iter().map(text).collect()
    }

    #[test]
    fn b12_answers_warn_from_80_percent_on_of_the_limit_that_is_fullest() {
        let tokens = |used| LimitUsage::fixture("tokens/day", 1000, used);
        let cost = |used| LimitUsage::fixture("cost/month", 5_000_000, used);
        assert!(told(&[tokens(799), cost(0), LimitUsage::fixture("requests/60s", 1, 1)]).is_empty());
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
        let of_key = LimitUsage {
            level: AccountKind::Key,
            ..LimitUsage::fixture("cost/week/opus*", 2_000_000, 1_900_000)
        };
        assert_eq!(
            told(&[cost(4_199_999), of_key]),
            [
                pair("x-budget-warning", "key cost/week/opus* 95%"),
                pair("x-budget-remaining-usd", "0.1")
            ]
        );
    }
}
