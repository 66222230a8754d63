//! The errors of requests that a policy refuses: which rule, how far it is used, and exactly when to come
//! back (promise 47).

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;

use super::{ApiError, Code, budget};
use domain::access::quota::{AccountKind, LimitUsage, Refusal};
use domain::models::limit::{Measure, Per, Unit};
use domain::models::policy::Policy;
use domain::models::price::{MicroUsd, Tier};
use domain::models::{ModelGlob, ModelId};

/// The SDKs of `OpenAI` and of Anthropic wait as `Retry-After` says, if that is no longer than this. Otherwise they
/// come back within seconds, in vain.
const SDK_RETRY_LIMIT: u64 = 60;
/// What both obey before they look at the status or at `Retry-After`.
pub(super) const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

/// The caller's policy is missing: it may use nothing, rather than everything.
pub fn no_policy() -> ApiError {
    ApiError::new(
        Code::NoPolicy,
        "the caller's policy does not exist; an administrator has to assign one",
    )
}

/// A limit of cost holds for the caller, and what the model costs is not known: at all, or in this tier.
pub fn unpriced(policy: &Policy, level: AccountKind, model: &ModelId, tier: Option<Tier>) -> ApiError {
    let whose = whose(policy, level);
    let (missing, field) = match tier {
        None => ("no price", "model"),
        Some(_) => ("no price for a dearer tier of service", "service_tier"),
    };
    let message =
        format!("{whose} limits cost, and the model `{model}` has {missing}; an administrator has to set one");
    ApiError::new(Code::ModelUnpriced, message).field(field)
}

fn whose(policy: &Policy, level: AccountKind) -> String {
    match level {
        AccountKind::User => format!("the policy `{}`", policy.name),
        AccountKind::Key => "the key".to_owned(),
        AccountKind::Department | AccountKind::Organisation => format!("the {}", level.name()),
    }
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

/// A limit of the policy, the key or an account above leaves no room for the request.
pub fn over_limit(policy: &Policy, refusal: &Refusal, now: Timestamp) -> ApiError {
    let error = ApiError::new(code(refusal.usage.measure), message(policy, refusal));
    let error = error.members(budget::members(&refusal.usage));
    let wait = refusal.retry_after_seconds(now);
    come_back(
        error,
        wait.unwrap_or_else(|| seconds_until(refusal.usage.resets_at, now)),
        wait.is_some(),
    )
}

const fn code(measure: Measure) -> Code {
    match measure {
        Measure::Amount(_, Per::Seconds(_)) => Code::RateLimitExceeded,
        Measure::Amount(_, Per::Day | Per::Week | Per::Month | Per::Total) => Code::InsufficientQuota,
        Measure::Concurrency => Code::ConcurrencyLimitExceeded,
    }
}

fn message(policy: &Policy, refusal: &Refusal) -> String {
    let usage = &refusal.usage;
    if usage.is_of_many() {
        return message_of_many(refusal);
    }
    let unit = usage.measure.unit();
    let (whose, name) = (whose(policy, usage.level), &usage.name);
    let allowed = format!("{whose} allows {} (`{name}`)", allowance(policy, usage));
    let used = amount(unit, usage.used);
    let unreserved = amount(unit, usage.used - usage.reserved);
    let reserved = amount(unit, usage.reserved);
    let demand = if unit == Unit::Requests {
        String::new()
    } else {
        format!(", and this one may need {}", amount(unit, refusal.demand))
    };
    match refusal.retry_at {
        None => format!(
            "{allowed}: this request may need {}, for which there is never room",
            amount(unit, refusal.demand)
        ),
        Some(_) if usage.measure == Measure::Concurrency => format!("{allowed}: {used} are under way"),
        Some(_) if let Some(at) = refusal.settled_by => format!(
            "{allowed}: {unreserved} are used{demand}; {reserved} are reserved by requests under way, which give back \
             what they do not use when they end, at {at:.0} at the latest"
        ),
        Some(at) if at == Timestamp::MAX => format!("{allowed}: {used} are used{demand}"),
        Some(at) => format!("{allowed}: {used} are used{demand}; there is room again at {at:.0}"),
    }
}

/// The refusal by a limit of many people, whose amounts are not for each of them.
fn message_of_many(
    Refusal {
        usage,
        retry_at,
        settled_by,
        ..
    }: &Refusal,
) -> String {
    let budget = format!("the {}'s budget `{}`", usage.level.name(), usage.budget());
    match (retry_at, settled_by) {
        (None, _) => format!("{budget} is smaller than what this request may need: there is never room"),
        (Some(_), Some(at)) => format!(
            "{budget} has no room for this request at the moment: requests under way give back what they do not use when \
             they end, at {at:.0} at the latest"
        ),
        (Some(at), None) if *at == Timestamp::MAX => format!("{budget} has no room left for this request"),
        (Some(at), None) => format!("{budget} has no room left for this request; it begins anew at {at:.0}"),
    }
}

/// The limit as a person would say it.
fn allowance(policy: &Policy, usage: &LimitUsage) -> String {
    let value = amount(usage.measure.unit(), usage.value);
    let zone = policy.timezone.name();
    let allowed = match usage.measure {
        Measure::Amount(_, Per::Seconds(window)) => format!("{value} in any {window} seconds"),
        Measure::Amount(_, Per::Day) => format!("{value} a day, by the clock of {zone}"),
        Measure::Amount(_, Per::Week) => format!("{value} a week, by the clock of {zone}"),
        Measure::Amount(_, Per::Month) => format!("{value} a month, by the clock of {zone}"),
        Measure::Amount(_, Per::Total) => format!("{value} in all"),
        Measure::Concurrency => format!("{value} at once"),
    };
    let models: Vec<&str> = usage.name.models().iter().map(ModelGlob::as_str).collect();
    if models.is_empty() {
        allowed
    } else {
        format!("{allowed}, of {}", models.join(", "))
    }
}

fn amount(unit: Unit, amount: u64) -> String {
    match unit {
        Unit::Cost => format!("{} USD", MicroUsd(amount).usd()),
        Unit::Requests => format!("{amount} requests"),
        Unit::Tokens => format!("{amount} tokens"),
    }
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
    use domain::access::quota::{Field, LimitName};
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
        (limit, measure): (Field, &str),
        (value, used, demand): (u64, u64, u64),
        retry_at: Option<&str>,
    ) -> (Code, (Option<u64>, bool), String) {
        let resets_at = at("2026-12-01T00:00:00Z");
        let refusal = Refusal {
            usage: LimitUsage {
                name: LimitName::Field(limit),
                resets_at,
                ..LimitUsage::fixture(measure, value, used)
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
        let (code, advice, message) = refused(
            (Field::RateLimit, "requests/60s"),
            (60, 60, 1),
            Some("2026-11-23T10:00:07.1Z"),
        );
        assert_eq!((code, advice), (Code::RateLimitExceeded, (Some(8), false)));
        assert_eq!(
            message,
            "the policy `team` allows 60 requests in any 60 seconds (`rate_limit`): 60 requests are used; \
             there is room again at 2026-11-23T10:00:07Z"
        );
        let amounts = (30_000_000, 29_990_000, 500_000);
        let (code, advice, message) = refused(
            (Field::CostQuotaMonthly, "cost/month"),
            amounts,
            Some("2026-12-01T00:00:00Z"),
        );
        assert_eq!((code, advice), (Code::InsufficientQuota, (Some(655_200), true)));
        assert_eq!(
            message,
            "the policy `team` allows 30 USD a month, by the clock of UTC (`cost_quota_monthly`): 29.99 USD are used, \
             and this one may need 0.5 USD; there is room again at 2026-12-01T00:00:00Z"
        );
    }

    #[test]
    fn p115_a_refusal_by_a_budget_of_many_names_level_limit_and_reset_and_no_amounts() {
        let refusal = |settled_by: Option<&str>, retry_at: &str| Refusal {
            usage: LimitUsage {
                level: AccountKind::Department,
                resets_at: at("2026-12-01T00:00:00Z"),
                ..LimitUsage::fixture("cost/month", 30_000_000, 29_990_000)
            },
            demand: 500_000,
            retry_at: Some(at(retry_at)),
            settled_by: settled_by.map(at),
        };
        let now = at("2026-11-23T10:00:00Z");
        let full = over_limit(&policy("team"), &refusal(None, "2026-12-01T00:00:00Z"), now);
        assert_eq!(
            full.message(),
            "the department's budget `cost/month` has no room left for this request; it begins anew at 2026-12-01T00:00:00Z"
        );
        assert_eq!(
            (full.code(), advice(&full)),
            (Code::InsufficientQuota, (Some(655_200), true))
        );
        let reserved = refusal(Some("2026-11-23T10:10:00Z"), "2026-11-23T10:00:05Z");
        assert_eq!(advice(&over_limit(&policy("team"), &reserved, now)), (Some(5), false));
    }

    #[test]
    fn p47_a_refusal_says_if_there_is_never_room_or_too_much_at_once() {
        let (code, advice, message) = refused((Field::TokenRateLimit, "tokens/60s"), (1000, 0, 5000), None);
        assert_eq!((code, advice), (Code::RateLimitExceeded, (Some(655_200), true)));
        assert_eq!(
            message,
            "the policy `team` allows 1000 tokens in any 60 seconds (`token_rate_limit`): this request may need 5000 tokens, \
             for which there is never room"
        );
        let (code, advice, message) = refused(
            (Field::MaxConcurrency, "concurrency"),
            (4, 4, 1),
            Some("2026-11-23T10:00:00Z"),
        );
        assert_eq!((code, advice), (Code::ConcurrencyLimitExceeded, (Some(1), false)));
        assert_eq!(
            message,
            "the policy `team` allows 4 requests at once (`max_concurrency`): 4 requests are under way"
        );
    }
}
