//! The errors of requests that a policy refuses: which rule, how far it is used, and exactly when to come
//! back (promise 47).

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;

use super::{ApiError, Code, budget};
use domain::access::quota::{Limit, Refusal};
use domain::models::ModelId;
use domain::models::policy::Policy;
use domain::models::price::MicroUsd;

/// The SDKs of `OpenAI` and of Anthropic wait as `Retry-After` says, if that is no longer than this. Otherwise they
/// come back within seconds, in vain.
const SDK_RETRY_LIMIT: u64 = 60;
/// What both obey before they look at the status or at `Retry-After`.
const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

/// The caller's policy is missing: it may use nothing, rather than everything.
pub fn no_policy() -> ApiError {
    ApiError::new(
        Code::NoPolicy,
        "the caller's policy does not exist; an administrator has to assign one",
    )
}

/// The policy limits cost, and what the model costs is not known.
pub fn unpriced(policy: &Policy, model: &ModelId) -> ApiError {
    let message = format!(
        "the policy `{}` limits cost, and the model `{model}` has no price; an administrator has to set one",
        policy.name
    );
    ApiError::new(Code::ModelUnpriced, message).field("model")
}

/// The policy cannot be used before `opens_at`.
pub fn outside_hours(policy: &Policy, opens_at: Timestamp, now: Timestamp) -> ApiError {
    let ranges: Vec<String> = policy.available_time_ranges.iter().map(ToString::to_string).collect();
    let (name, zone, hours) = (&policy.name, policy.timezone.name(), ranges.join(", "));
    let message = format!("the policy `{name}` can be used {hours} ({zone}); it opens at {opens_at:.0}");
    come_back(
        ApiError::new(Code::OutsideAvailableHours, message),
        seconds_until(opens_at, now),
        true,
    )
}

/// A limit of the policy leaves no room for the request.
pub fn over_limit(policy: &Policy, refusal: &Refusal, now: Timestamp) -> ApiError {
    let error = ApiError::new(code(refusal.usage.limit), message(policy, refusal));
    let error = error.members(budget::members(policy, &refusal.usage));
    let wait = refusal.retry_after_seconds(now);
    come_back(
        error,
        wait.unwrap_or_else(|| seconds_until(refusal.usage.resets_at, now)),
        wait.is_some(),
    )
}

const fn code(limit: Limit) -> Code {
    match limit {
        Limit::RateLimit | Limit::TokenRateLimit => Code::RateLimitExceeded,
        Limit::RequestQuotaDaily | Limit::TokenQuotaDaily | Limit::TokenQuotaMonthly | Limit::CostQuotaMonthly => {
            Code::InsufficientQuota
        }
        Limit::MaxConcurrency => Code::ConcurrencyLimitExceeded,
    }
}

fn message(policy: &Policy, refusal: &Refusal) -> String {
    let usage = &refusal.usage;
    let (name, limit, field) = (&policy.name, usage.limit, usage.limit.field());
    let allowed = format!(
        "the policy `{name}` allows {} (`{field}`)",
        allowance(policy, limit, usage.value)
    );
    let used = amount(limit, usage.used);
    let unreserved = amount(limit, usage.used - usage.reserved);
    let reserved = amount(limit, usage.reserved);
    let demand = if counts_requests(limit) {
        String::new()
    } else {
        format!(", and this one may need {}", amount(limit, refusal.demand))
    };
    match refusal.retry_at {
        None => format!(
            "{allowed}: this request may need {}, for which there is never room",
            amount(limit, refusal.demand)
        ),
        Some(_) if limit == Limit::MaxConcurrency => format!("{allowed}: {used} are under way"),
        Some(_) if let Some(at) = refusal.settled_by => format!(
            "{allowed}: {unreserved} are used{demand}; {reserved} are reserved by requests under way, which give back \
             what they do not use when they end, at {at:.0} at the latest"
        ),
        Some(at) => format!("{allowed}: {used} are used{demand}; there is room again at {at:.0}"),
    }
}

/// The limit as a person would say it.
fn allowance(policy: &Policy, limit: Limit, value: u64) -> String {
    let value = amount(limit, value);
    let (window, zone) = (policy.rate_limit_window, policy.timezone.name());
    match limit {
        Limit::RateLimit | Limit::TokenRateLimit => format!("{value} in any {window} seconds"),
        Limit::RequestQuotaDaily | Limit::TokenQuotaDaily => format!("{value} a day, by the clock of {zone}"),
        Limit::TokenQuotaMonthly | Limit::CostQuotaMonthly => format!("{value} a month, by the clock of {zone}"),
        Limit::MaxConcurrency => format!("{value} at once"),
    }
}

fn amount(limit: Limit, amount: u64) -> String {
    match limit {
        Limit::CostQuotaMonthly => format!("{} USD", MicroUsd(amount).usd()),
        limit if counts_requests(limit) => format!("{amount} requests"),
        _ => format!("{amount} tokens"),
    }
}

fn counts_requests(limit: Limit) -> bool {
    matches!(
        limit,
        Limit::RateLimit | Limit::RequestQuotaDaily | Limit::MaxConcurrency
    )
}

/// The error with its `Retry-After`. `helps` when waiting does.
fn come_back(error: ApiError, seconds: u64, helps: bool) -> ApiError {
    let error = error.retry_after(seconds);
    if helps && seconds <= SDK_RETRY_LIMIT {
        return error;
    }
    error.hints(HeaderMap::from_iter([(
        SHOULD_RETRY,
        HeaderValue::from_static("false"),
    )]))
}

/// Whole seconds, of which the last may be begun; at least one.
fn seconds_until(at: Timestamp, now: Timestamp) -> u64 {
    let wait = at.as_millisecond() - now.as_millisecond();
    u64::try_from(wait).unwrap_or_default().div_ceil(1000).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::access::quota::LimitUsage;
    use domain::models::PolicyName;
    use domain::models::hours::{Day, Days, TimeOfDay, TimeRange};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn policy(name: &str) -> Policy {
        Policy::unlimited(PolicyName::parse(name).unwrap())
    }

    /// `Retry-After`, and true if the SDKs are told not to retry.
    fn advice(error: &ApiError) -> (Option<u64>, bool) {
        (error.retry_after_seconds(), error.hint_headers().count() == 1)
    }

    #[test]
    fn p47_a_refusal_tells_the_hours_and_the_exact_wait() {
        let mut policy = policy("office");
        let time = |text| TimeOfDay::parse(text).unwrap();
        policy.available_time_ranges = vec![TimeRange {
            start: time("09:00"),
            end: time("18:00"),
            days: Days::default(),
        }];
        let opens = at("2026-11-23T09:00:00Z");
        let early = outside_hours(&policy, opens, at("2026-11-23T06:59:59.5Z"));
        assert_eq!(
            early.message(),
            "the policy `office` can be used 09:00-18:00 (UTC); it opens at 2026-11-23T09:00:00Z"
        );
        assert_eq!(advice(&early), (Some(7201), true), "no SDK comes back within seconds");
        policy.available_time_ranges[0].days = vec![Day::Mon, Day::Tue].into();
        assert_eq!(
            outside_hours(&policy, opens, opens).message(),
            "the policy `office` can be used mon/tue 09:00-18:00 (UTC); it opens at 2026-11-23T09:00:00Z"
        );
        let nearly = outside_hours(&policy, opens, at("2026-11-23T08:59:30Z"));
        assert_eq!(advice(&nearly), (Some(30), false), "an SDK waits that long");
    }

    /// The error of a limit of the policy `team`: its code, its advice and its message.
    fn refused(
        limit: Limit,
        (value, used, demand): (u64, u64, u64),
        retry_at: Option<&str>,
    ) -> (Code, (Option<u64>, bool), String) {
        let resets_at = at("2026-12-01T00:00:00Z");
        let refusal = Refusal {
            usage: LimitUsage {
                limit,
                value,
                used,
                reserved: 0,
                resets_at,
            },
            demand,
            retry_at: retry_at.map(at),
            settled_by: None,
        };
        let error = over_limit(&policy("team"), &refusal, at("2026-11-23T10:00:00Z"));
        (error.code(), advice(&error), error.message().to_owned())
    }

    #[test]
    fn p47_a_refusal_names_the_limit_what_is_used_and_when_there_is_room() {
        let (code, advice, message) = refused(Limit::RateLimit, (60, 60, 1), Some("2026-11-23T10:00:07.1Z"));
        assert_eq!((code, advice), (Code::RateLimitExceeded, (Some(8), false)));
        assert_eq!(
            message,
            "the policy `team` allows 60 requests in any 60 seconds (`rate_limit`): 60 requests are used; \
             there is room again at 2026-11-23T10:00:07Z"
        );
        let amounts = (30_000_000, 29_990_000, 500_000);
        let (code, advice, message) = refused(Limit::CostQuotaMonthly, amounts, Some("2026-12-01T00:00:00Z"));
        assert_eq!((code, advice), (Code::InsufficientQuota, (Some(655_200), true)));
        assert_eq!(
            message,
            "the policy `team` allows 30 USD a month, by the clock of UTC (`cost_quota_monthly`): 29.99 USD are used, \
             and this one may need 0.5 USD; there is room again at 2026-12-01T00:00:00Z"
        );
    }

    #[test]
    fn p47_a_refusal_says_if_there_is_never_room_or_too_much_at_once() {
        let (code, advice, message) = refused(Limit::TokenRateLimit, (1000, 0, 5000), None);
        assert_eq!((code, advice), (Code::RateLimitExceeded, (Some(655_200), true)));
        assert_eq!(
            message,
            "the policy `team` allows 1000 tokens in any 60 seconds (`token_rate_limit`): this request may need 5000 tokens, \
             for which there is never room"
        );
        let (code, advice, message) = refused(Limit::MaxConcurrency, (4, 4, 1), Some("2026-11-23T10:00:00Z"));
        assert_eq!((code, advice), (Code::ConcurrencyLimitExceeded, (Some(1), false)));
        assert_eq!(
            message,
            "the policy `team` allows 4 requests at once (`max_concurrency`): 4 requests are under way"
        );
    }
}
