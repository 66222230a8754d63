//! Reports of usage, and the log of all requests. Managers see their department's, by its name in the key expression
//! (promise 39).

use axum::extract::State;
use axum::response::Response;
use domain::access::accounts::{Reach, reach};
use domain::models::report::GroupBy;
use domain::models::usage::{ClientKind, Dimensions, Outcome, UsageRecord};
use domain::models::user::User;
use domain::models::{BackendId, DisplayName, KeyId, ModelId, UserId};
use serde::Deserialize;
use service::http::accept::Format;
use service::http::extract::{Actor, Query};
use service::http::log_filter::{LogFilter, StatusFilter};
use service::http::page::{Limit, Walk};
use service::http::period::Period;
use service::http::{ApiError, usage};
use service::store::Whose;

use crate::app::App;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReportQuery {
    from: Option<String>,
    to: Option<String>,
    #[serde(default = "by_user")]
    group_by: GroupBy,
    user: Option<UserId>,
    department: Option<DisplayName>,
    model: Option<ModelId>,
    backend: Option<BackendId>,
    key: Option<KeyId>,
    #[serde(default)]
    limit: Limit,
    cursor: Option<String>,
}

fn by_user() -> GroupBy {
    GroupBy::User
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogQuery {
    from: Option<String>,
    to: Option<String>,
    user: Option<UserId>,
    department: Option<DisplayName>,
    model: Option<ModelId>,
    backend: Option<BackendId>,
    key: Option<KeyId>,
    request_id: Option<String>,
    outcome: Option<Outcome>,
    client: Option<ClientKind>,
    status: Option<StatusFilter>,
    min_duration_ms: Option<u64>,
    #[serde(default)]
    limit: Limit,
    cursor: Option<String>,
}

/// The part of the usage that the query asks for.
struct Filter {
    user: Option<UserId>,
    department: Option<DisplayName>,
    model: Option<ModelId>,
    backend: Option<BackendId>,
    key: Option<KeyId>,
}

/// `GET /api/v1/admin/usage`
pub(crate) async fn report(
    State(app): State<App>,
    actor: Actor,
    format: Format,
    Query(query): Query<ReportQuery>,
) -> Result<Response, ApiError> {
    let by = query.group_by;
    let keys = app.signing_keys.keys().await?;
    let walk = Walk::new(&keys, &usage::list_name(by), &actor.user.id);
    let span = walk.span(query.limit, query.cursor.as_deref())?;
    let ReportQuery {
        from,
        to,
        user,
        department,
        model,
        backend,
        key,
        ..
    } = query;
    let period = Period {
        from: from.as_deref(),
        to: to.as_deref(),
    };
    let days = period.days(app.store.clock().now(), usage::MOST_DAYS_OF_MANY)?;
    let filter = Filter {
        user,
        department,
        model,
        backend,
        key,
    };
    let whose = filter.whose(&actor.user)?;
    let groups = app
        .store
        .usage_sums(whose, &days, |row| filter.fits(&row.of).then(|| by.group(&row.of)))
        .await?;
    usage::report(&groups, by, &walk, &span).respond(format)
}

/// `GET /api/v1/admin/logs`, newest first.
pub(crate) async fn log(
    State(app): State<App>,
    actor: Actor,
    format: Format,
    Query(query): Query<LogQuery>,
) -> Result<Response, ApiError> {
    let keys = app.signing_keys.keys().await?;
    let walk = Walk::new(&keys, "logs", &actor.user.id);
    let span = walk.span(query.limit, query.cursor.as_deref())?;
    let time = Period {
        from: query.from.as_deref(),
        to: query.to.as_deref(),
    }
    .time(app.store.clock().now())?;
    let (filter, became) = query.filters();
    let whose = filter.whose(&actor.user)?;
    let keep = |record: &UsageRecord| filter.fits(&Dimensions::of(record)) && became.fits(record);
    let page = app.store.usage_records(whose, &time, &span, keep).await?;
    usage::log(page, &walk, |entry| entry).respond(format)
}

impl LogQuery {
    /// Whose requests, and what became of them.
    fn filters(self) -> (Filter, LogFilter) {
        let filter = Filter {
            user: self.user,
            department: self.department,
            model: self.model,
            backend: self.backend,
            key: self.key,
        };
        let became = LogFilter {
            request_id: self.request_id,
            outcome: self.outcome,
            client: self.client,
            status: self.status,
            min_duration_ms: self.min_duration_ms,
        };
        (filter, became)
    }
}

impl Filter {
    /// The smallest part of the usage that has all that fits, and that `actor` may see.
    fn whose<'a>(&'a self, actor: &'a User) -> Result<Whose<'a>, ApiError> {
        match (reach(actor), &self.user, &self.department) {
            (Reach::Everybody, Some(user), _) => Ok(Whose::User(user)),
            (Reach::Everybody, None, Some(department)) => Ok(Whose::Department(department)),
            (Reach::Everybody, None, None) => Ok(Whose::Everybody),
            (Reach::Department(own), ..) => Ok(Whose::Department(own)),
            (Reach::Nobody, ..) => Err(ApiError::forbidden()),
        }
    }

    fn fits(&self, of: &Dimensions) -> bool {
        fn is<T: PartialEq>(wanted: Option<&T>, value: Option<&T>) -> bool {
            wanted.is_none() || wanted == value
        }
        is(self.user.as_ref(), Some(&of.user))
            && is(self.department.as_ref(), of.department.as_ref())
            && is(self.model.as_ref(), Some(&of.model))
            && is(self.backend.as_ref(), of.backend.as_ref())
            && is(self.key.as_ref(), Some(&of.key))
    }
}
