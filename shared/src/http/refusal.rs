//! What callers are told when their policy refuses a request: which rule, and exactly when to come back (promise 47).

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;

use super::{ApiError, Code};
use crate::models::policy::Policy;

/// The SDKs of `OpenAI` and of Anthropic wait as `Retry-After` says, if that is no longer than this. Otherwise they come
/// back within seconds, in vain.
const PATIENCE_OF_SDKS: u64 = 60;
/// What both obey before they look at the status or at `Retry-After`.
const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

/// The policy cannot be used before `opens_at`.
pub fn outside_hours(policy: &Policy, opens_at: Timestamp, now: Timestamp) -> ApiError {
    let ranges: Vec<String> = policy.available_time_ranges.iter().map(ToString::to_string).collect();
    let (name, zone, hours) = (&policy.name, policy.timezone.name(), ranges.join(", "));
    let message = format!("the policy `{name}` can be used {hours} ({zone}); it opens at {opens_at:.0}");
    come_back(ApiError::new(Code::OutsideAvailableHours, message), Some(opens_at), now)
}

/// The error with the time that it tells to wait; `None` for what no waiting helps.
fn come_back(error: ApiError, at: Option<Timestamp>, now: Timestamp) -> ApiError {
    let wait = at.map(|at| seconds_until(at, now));
    let error = wait.map_or(error.clone(), |seconds| error.retry_after(seconds));
    if wait.is_some_and(|seconds| seconds <= PATIENCE_OF_SDKS) {
        return error;
    }
    error.hints(HeaderMap::from_iter([(SHOULD_RETRY, HeaderValue::from_static("false"))]))
}

/// Whole seconds, of which the last may be begun; at least one.
fn seconds_until(at: Timestamp, now: Timestamp) -> u64 {
    let wait = at.duration_since(now);
    let seconds = wait.as_secs() + i64::from(wait.subsec_nanos() > 0);
    u64::try_from(seconds).unwrap_or_default().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::PolicyName;
    use crate::models::hours::{TimeOfDay, TimeRange};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn p47_a_refusal_tells_the_hours_and_the_exact_wait() {
        let mut policy = Policy::unlimited(PolicyName::parse("office").unwrap());
        let time = |text| TimeOfDay::parse(text).unwrap();
        policy.available_time_ranges = vec![TimeRange { start: time("09:00"), end: time("18:00") }];
        let opens = at("2026-11-23T09:00:00Z");
        let early = outside_hours(&policy, opens, at("2026-11-23T06:59:59.5Z"));
        assert_eq!(early.message(), "the policy `office` can be used 09:00-18:00 (UTC); it opens at 2026-11-23T09:00:00Z");
        assert_eq!(early.retry_after_seconds(), Some(7201));
        assert_eq!(early.hint_headers().count(), 1, "no SDK comes back within seconds");
        let nearly = outside_hours(&policy, opens, at("2026-11-23T08:59:30Z"));
        assert_eq!((nearly.retry_after_seconds(), nearly.hint_headers().count()), (Some(30), 0), "an SDK waits that long");
    }
}
