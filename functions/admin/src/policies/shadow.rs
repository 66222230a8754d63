//! The requests that a policy in shadow mode would have refused.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use axum::extract::State;
use domain::models::shadow::Finding;
use domain::models::utc_hour::UtcHour;
use domain::models::zone::Zone;
use domain::models::{DisplayName, PolicyName, UserId};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use service::http::ApiError;
use service::http::extract::{Actor, Id, Query};
use service::http::page::{Limit, List, Walk};
use service::http::period::Period;
use service::http::usage::MOST_DAYS_OF_MANY;

use super::no_policy;
use crate::app::App;

/// People who are named for each limit: those with the most requests.
const MOST_PEOPLE: usize = 100;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShadowQuery {
    from: Option<String>,
    to: Option<String>,
    #[serde(default)]
    limit: Limit,
    cursor: Option<String>,
}

/// The requests that one limit would have refused.
#[derive(Debug, Serialize)]
pub(crate) struct LimitFindings {
    /// The policy's field.
    limit: String,
    requests: u64,
    /// The number of people, of whom `people` has some.
    people_count: usize,
    people: Vec<PersonFindings>,
    last_at: Timestamp,
}

#[derive(Debug, Serialize)]
struct PersonFindings {
    user: UserId,
    name: DisplayName,
    requests: u64,
}

/// `GET /api/v1/admin/policies/{name}/shadow`
pub(crate) async fn show(
    State(app): State<App>,
    actor: Actor,
    Id(name): Id<PolicyName>,
    Query(query): Query<ShadowQuery>,
) -> Result<List<LimitFindings>, ApiError> {
    let keys = app.signing_keys.keys().await?;
    let walk = Walk::new(&keys, &format!("shadow {}", name.as_str()), &actor.user.id);
    let span = walk.span(query.limit, query.cursor.as_deref())?;
    let days = days(&query, app.store.clock().now())?;
    app.store.read_policy(&name).await?.ok_or_else(no_policy)?;
    let mut limits: BTreeMap<String, Vec<Finding>> = BTreeMap::new();
    for finding in app.store.findings(&name, &days).await? {
        limits.entry(finding.limit.clone()).or_default().push(finding);
    }
    let findings = limits.into_iter().map(summed).collect();
    Ok(walk.part(findings, &span, |finding: &LimitFindings| &finding.limit))
}

/// The days of UTC: findings are kept by nothing smaller.
fn days(query: &ShadowQuery, now: Timestamp) -> Result<RangeInclusive<Date>, ApiError> {
    for (field, text) in [("from", &query.from), ("to", &query.to)] {
        if text.as_ref().is_some_and(|text| text.len() != "2026-01-31".len()) {
            return Err(ApiError::invalid(field, "must be a day of UTC, such as 2026-01-31"));
        }
    }
    let zone = Zone::default();
    let period = Period {
        from: query.from.as_deref(),
        to: query.to.as_deref(),
        zone: &zone,
    };
    let hours = period.hours(now, MOST_DAYS_OF_MANY)?;
    let day = |hour: UtcHour| hour.date_in(zone.rules());
    Ok(day(hours.start)..=day(hours.end.plus(-1)))
}

fn summed((limit, findings): (String, Vec<Finding>)) -> LimitFindings {
    let mut people: BTreeMap<UserId, PersonFindings> = BTreeMap::new();
    let (mut requests, mut last_at) = (0, Timestamp::UNIX_EPOCH);
    for finding in findings {
        requests += finding.requests;
        last_at = last_at.max(finding.last_at);
        let person = people.entry(finding.user.clone()).or_insert(PersonFindings {
            user: finding.user,
            name: finding.user_name,
            requests: 0,
        });
        person.requests += finding.requests;
    }
    let people_count = people.len();
    let mut people: Vec<_> = people.into_values().collect();
    people.sort_by_key(|person| std::cmp::Reverse(person.requests));
    people.truncate(MOST_PEOPLE);
    LimitFindings {
        limit,
        requests,
        people_count,
        people,
        last_at,
    }
}
