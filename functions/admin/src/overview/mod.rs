//! The overview that an administrator sees first: sums of usage, numbers of people, and things that want attention.
//! Managers see those of their department.

mod attention;
mod counts;
mod limits;
mod notice;

use axum::extract::State;
use domain::access::accounts::{Reach, reach};
use domain::models::DisplayName;
use domain::models::report::SumsObject;
use domain::models::utc_hour::UtcHour;
use domain::models::zone::Zone;
use serde::{Deserialize, Serialize};
use service::http::ApiError;
use service::http::extract::{Actor, Query};
use service::http::json::Data;
use service::http::period::Period;
use service::http::usage::MOST_DAYS_OF_MANY;
use service::store::Whose;

use crate::app::App;
use attention::Scope;
use counts::{People, by_user, count_people, total};
use notice::Attention;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OverviewQuery {
    from: Option<String>,
    to: Option<String>,
    #[serde(default)]
    timezone: Zone,
    department: Option<DisplayName>,
}

#[derive(Serialize)]
pub(crate) struct Overview {
    now: SumsObject,
    /// The sums of as much time before; absent if they cannot be told exactly.
    before: Option<SumsObject>,
    people: People,
    attention: Vec<Attention>,
}

/// `GET /api/v1/admin/overview`
pub(crate) async fn show(
    State(app): State<App>,
    actor: Actor,
    Query(query): Query<OverviewQuery>,
) -> Result<Data<Overview>, ApiError> {
    let reach = reach(&actor.user);
    let department = department(&reach, query.department.as_ref())?;
    let period = Period {
        from: query.from.as_deref(),
        to: query.to.as_deref(),
        zone: &query.timezone,
    };
    let hours = period.hours(app.store.clock().now(), MOST_DAYS_OF_MANY)?;
    let before = hours.start.plus(-UtcHour::count(&hours))..hours.start;
    let whose = department.map_or(Whose::Everybody, Whose::Department);
    let (users, before, mut people) = tokio::try_join!(
        by_user(&app, whose, &hours),
        by_user(&app, whose, &before),
        count_people(&app, &reach, department),
    )?;
    let users = users?;
    people.active = users.values().filter(|sums| sums.requests > 0).count();
    let scope = Scope {
        is_admin: matches!(reach, Reach::Everybody),
        department,
        hours,
    };
    let attention = attention::list(&app, &scope, &people, &users).await?;
    Ok(Data(Overview {
        now: total(&users),
        before: before.ok().map(|users| total(&users)),
        people,
        attention,
    }))
}

/// The department that the overview is of, if it is not of all.
fn department<'a>(reach: &Reach<'a>, wanted: Option<&'a DisplayName>) -> Result<Option<&'a DisplayName>, ApiError> {
    match reach {
        Reach::Everybody => Ok(wanted),
        Reach::Department(own) if wanted.is_none_or(|wanted| wanted == *own) => Ok(Some(*own)),
        Reach::Department(_) | Reach::Nobody => Err(ApiError::forbidden()),
    }
}
