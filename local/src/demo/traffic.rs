//! A month of requests: sums of all of it, and records of the last week, as the settings keep them.

use std::collections::BTreeMap;

use domain::access::quota::{AdmissionRequest, Demand, Limits, StoredFacts};
use domain::models::UserId;
use domain::models::policy::Mode;
use domain::models::refusal_reason::RefusalReason;
use domain::models::rollup::{Dimensions, Rollup};
use domain::models::shadow::Finding;
use domain::models::sums::Sums;
use domain::models::usage::UsageRecord;
use jiff::civil::{Date, Weekday};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan as _};
use service::store::{Admission, Store, StoreError, UsageBatch};

use super::people::{DAYS, Person};
use super::records::Scribe;

/// Minutes of a working day.
const WORKING_DAY: u64 = 10 * 60;
/// The share of a working day's requests on a day of the weekend, in thousandths.
const WEEKEND: u64 = 90;
/// The seconds for which a reservation of the past would have held.
const EXPIRY: i64 = 900;

/// The requests of everybody, by person and time.
pub(super) fn month(scribe: &mut Scribe<'_>, people: &[Person], now: Timestamp) -> Vec<UsageRecord> {
    let mut records = Vec::new();
    for person in people {
        for ago in (0..=DAYS).rev() {
            let day = Offset::UTC.to_datetime(now - (ago * 24).hours()).date();
            let mut times = times(scribe, person, day);
            times.retain(|at| *at < now && person.user.created_at < *at);
            records.extend(times.into_iter().filter_map(|at| scribe.record(person, at)));
        }
    }
    records
}

/// The times of a person's requests on a day: rather in the morning, and fewer at the weekend.
fn times(scribe: &mut Scribe<'_>, person: &Person, day: Date) -> Vec<Timestamp> {
    let is_weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    let share = if is_weekend { WEEKEND } else { 1000 };
    let most = person.habit.busy * share * 14 / 10_000;
    let count = scribe.dice().between(most / 2, most + 1);
    let Ok(midnight) = day.to_zoned(TimeZone::UTC) else {
        return Vec::new();
    };
    let begin = midnight.timestamp() + person.habit.begins.hours();
    let mut at = || {
        let dice = scribe.dice();
        let minute = i64::try_from(dice.between(0, WORKING_DAY)).unwrap_or_default();
        let millisecond = i64::try_from(dice.between(0, 60_000)).unwrap_or_default();
        begin + minute.minutes() + millisecond.milliseconds()
    };
    let mut times: Vec<_> = (0..count).map(|_| at()).collect();
    times.sort_unstable();
    times
}

/// Stores the requests; those of late have a record beside their part of the sums.
pub(super) async fn store(store: &Store, records: Vec<UsageRecord>, now: Timestamp) -> Result<(), StoreError> {
    let kept_days = store.settings().await?.kept_days();
    let kept_from = now - (i64::from(kept_days.unwrap_or_default()) * 24).hours();
    let mut batch = UsageBatch::default();
    for record in records {
        if !batch.has_room() {
            store.record_batch(&std::mem::take(&mut batch)).await?;
        }
        let days = kept_days.filter(|_| record.request.at > kept_from);
        batch.add(record, days);
    }
    store.record_batch(&batch).await
}

/// Effects of policies: requests that were refused, and findings of the policy in shadow mode.
pub(super) async fn refuse(store: &Store, people: &[Person], records: &[UsageRecord]) -> Result<(), StoreError> {
    let mut days: BTreeMap<(&UserId, Date), (u64, Timestamp)> = BTreeMap::new();
    for UsageRecord { request, .. } in records {
        let day = Offset::UTC.to_datetime(request.at).date();
        let (count, last) = days.entry((&request.user, day)).or_insert((0, request.at));
        (*count, *last) = (*count + 1, request.at.max(*last));
    }
    let mut batch = UsageBatch::default();
    for ((user, day), (count, last_at)) in days {
        let Some(person) = people.iter().find(|person| person.user.id == *user) else {
            continue;
        };
        let Some(policy) = store.policy_of(&person.user).await? else {
            continue;
        };
        if !batch.has_room() {
            store.record_batch(&std::mem::take(&mut batch)).await?;
        }
        let most = policy.request_quota_daily.map_or(u64::MAX, std::num::NonZeroU64::get);
        if policy.mode == Mode::Shadow && count > most {
            batch.add_finding(finding(person, day, count - most, last_at));
        } else if policy.mode == Mode::Enforce && day.day() % 9 == 2 && count > 8 {
            batch.add_sums(refusal(person, last_at));
        }
    }
    store.record_batch(&batch).await
}

fn finding(person: &Person, day: Date, requests: u64, last_at: Timestamp) -> Finding {
    Finding {
        policy: person.user.quota_policy.clone(),
        day,
        limit: "request_quota_daily".to_owned(),
        user: person.user.id.clone(),
        user_name: person.user.name.clone(),
        department: person.user.department.clone(),
        requests,
        last_at,
    }
}

/// A request that came too soon after the others.
fn refusal(person: &Person, at: Timestamp) -> Rollup {
    let of = Dimensions {
        day: Date::ZERO,
        from_hour: None,
        user: person.user.id.clone(),
        key: person.key.id.clone(),
        department: person.user.department.clone(),
        model: None,
        backend: None,
    };
    let sums = Sums::of_refusal(RefusalReason::RateLimitExceeded);
    Rollup::one(of, Some(person.key.key_prefix.clone()), at, sums)
}

/// Lets the meters of people under limits begin, each with the person's last request: what came before it is in the
/// sums, from which a new limit begins.
pub(super) async fn meter(store: &Store, people: &[Person], last: Vec<UsageRecord>) -> Result<(), StoreError> {
    for record in last {
        let Some(person) = people.iter().find(|person| person.user.id == record.request.user) else {
            continue;
        };
        let Some(policy) = store.policy_of(&person.user).await? else {
            continue;
        };
        let facts = StoredFacts::new(&record.request, store.settings().await?.kept_days());
        let request = AdmissionRequest {
            limits: &Limits::of(&policy, &person.key, record.request.model.as_str()),
            demand: Demand::default(),
            facts: &facts,
            now: record.request.at,
            expires_at: record.request.at.as_second() + EXPIRY,
        };
        let admission = Box::pin(store.admit(&person.user.id, &record.id, &request)).await?;
        if let Admission::Admitted { reservation, .. } = admission {
            store.settle(&reservation, &record).await?;
        }
    }
    Ok(())
}
