//! The headers by which clients see how far their limits are used, under the names of their dialect (api.md §4).
//!
//! Each dialect has one limit of requests and one of tokens. Where a policy has several, the one with least left is
//! shown.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;

use super::Dialect;
use domain::access::quota::LimitUsage;
use domain::models::limit::{Measure, Unit};

/// The headers of one limit.
struct Names {
    limit: HeaderName,
    remaining: HeaderName,
    reset: HeaderName,
}

/// The headers of `dialect` for the limits that there are, as they stand at `now`.
pub fn headers(limit_usage: &[LimitUsage], dialect: Dialect, now: Timestamp) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (unit, [of_openai, of_anthropic]) in [(Unit::Requests, REQUEST_NAMES), (Unit::Tokens, TOKEN_NAMES)] {
        let Some(tightest) = tightest(limit_usage, unit) else {
            continue;
        };
        let (names, reset) = match dialect {
            Dialect::Anthropic => (of_anthropic, format!("{:.0}", tightest.resets_at)),
            Dialect::OpenAi | Dialect::Management | Dialect::OAuth => {
                (of_openai, Wait::until(tightest.resets_at, now).to_string())
            }
        };
        headers.insert(names.limit, HeaderValue::from(tightest.value));
        headers.insert(names.remaining, HeaderValue::from(tightest.remaining()));
        headers.extend(HeaderValue::try_from(reset).ok().map(|reset| (names.reset, reset)));
    }
    headers
}

/// `OpenAI`'s (<https://platform.openai.com/docs/guides/rate-limits>) and Anthropic's
/// (<https://docs.anthropic.com/en/api/rate-limits>).
const REQUEST_NAMES: [Names; 2] = [
    Names {
        limit: HeaderName::from_static("x-ratelimit-limit-requests"),
        remaining: HeaderName::from_static("x-ratelimit-remaining-requests"),
        reset: HeaderName::from_static("x-ratelimit-reset-requests"),
    },
    Names {
        limit: HeaderName::from_static("anthropic-ratelimit-requests-limit"),
        remaining: HeaderName::from_static("anthropic-ratelimit-requests-remaining"),
        reset: HeaderName::from_static("anthropic-ratelimit-requests-reset"),
    },
];
const TOKEN_NAMES: [Names; 2] = [
    Names {
        limit: HeaderName::from_static("x-ratelimit-limit-tokens"),
        remaining: HeaderName::from_static("x-ratelimit-remaining-tokens"),
        reset: HeaderName::from_static("x-ratelimit-reset-tokens"),
    },
    Names {
        limit: HeaderName::from_static("anthropic-ratelimit-tokens-limit"),
        remaining: HeaderName::from_static("anthropic-ratelimit-tokens-remaining"),
        reset: HeaderName::from_static("anthropic-ratelimit-tokens-reset"),
    },
];

/// The limit of this unit with least left; of several, the one that takes longest to reset.
fn tightest(limit_usage: &[LimitUsage], unit: Unit) -> Option<&LimitUsage> {
    // What never resets has no place in headers that tell when.
    let is_of_it = |usage: &&LimitUsage| {
        let resets = usage.measure != Measure::Concurrency && usage.resets_at < Timestamp::MAX;
        resets && usage.measure.unit() == unit
    };
    let of_these = limit_usage.iter().filter(is_of_it);
    of_these.min_by_key(|usage| (usage.remaining(), std::cmp::Reverse(usage.resets_at)))
}

/// A duration as `OpenAI` writes it: `6m0s`, in whole seconds.
struct Wait {
    seconds: u64,
}

impl Wait {
    fn until(at: Timestamp, now: Timestamp) -> Self {
        let wait = at.as_millisecond() - now.as_millisecond();
        Self {
            seconds: u64::try_from(wait).unwrap_or_default().div_ceil(1000),
        }
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hours, minutes, seconds) = (self.seconds / 3600, self.seconds / 60 % 60, self.seconds % 60);
        match (hours, minutes) {
            (0, 0) => write!(f, "{seconds}s"),
            (0, _) => write!(f, "{minutes}m{seconds}s"),
            _ => write!(f, "{hours}h{minutes}m{seconds}s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn rendered(limit_usage: &[LimitUsage], dialect: Dialect) -> Vec<String> {
        let headers = headers(limit_usage, dialect, at("2026-11-23T10:00:00.5Z"));
        let mut lines: Vec<_> = headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        lines.sort();
        lines
    }

    #[test]
    fn each_dialect_is_told_the_tightest_of_its_limits() {
        let usage = |limit, value, used, resets_at| LimitUsage {
            resets_at: at(resets_at),
            ..LimitUsage::fixture(limit, value, used)
        };
        let limit_usage = [
            usage("requests/60s", 60, 3, "2026-11-23T10:06:00Z"),
            usage("requests/day", 100, 90, "2026-11-24T00:00:00Z"),
            usage("tokens/60s", 1000, 1200, "2026-11-23T10:06:00Z"),
            usage("cost/month", 5, 5, "2026-12-01T00:00:00Z"),
        ];
        assert_eq!(
            rendered(&limit_usage, Dialect::OpenAi),
            [
                "x-ratelimit-limit-requests: 100",
                "x-ratelimit-limit-tokens: 1000",
                "x-ratelimit-remaining-requests: 10",
                "x-ratelimit-remaining-tokens: 0",
                "x-ratelimit-reset-requests: 14h0m0s",
                "x-ratelimit-reset-tokens: 6m0s",
            ]
        );
        assert_eq!(
            rendered(&limit_usage[..1], Dialect::Anthropic),
            [
                "anthropic-ratelimit-requests-limit: 60",
                "anthropic-ratelimit-requests-remaining: 57",
                "anthropic-ratelimit-requests-reset: 2026-11-23T10:06:00Z",
            ]
        );
        assert!(
            rendered(&limit_usage[3..], Dialect::OpenAi).is_empty(),
            "only of limits that the policy has"
        );
    }
}
