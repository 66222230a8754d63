//! A person's usage, and the log of the own requests: read by the caller's own id (promise 39).

use axum::extract::State;
use axum::response::Response;
use domain::models::report::{GroupBy, LogEntry};
use domain::models::usage::{ClientKind, Outcome, UsageRecord};
use serde::Deserialize;
use service::http::accept::Format;
use service::http::caller::SessionCaller;
use service::http::extract::Query;
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
    #[serde(default)]
    group_by: OwnGroup,
    #[serde(default)]
    limit: Limit,
    cursor: Option<String>,
}

/// The dimension by which a person's usage is summed. The backend is none: it is the operator's concern.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum OwnGroup {
    #[default]
    Day,
    Model,
    Key,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogQuery {
    from: Option<String>,
    to: Option<String>,
    request_id: Option<String>,
    outcome: Option<Outcome>,
    client: Option<ClientKind>,
    status: Option<StatusFilter>,
    min_duration_ms: Option<u64>,
    #[serde(default)]
    limit: Limit,
    cursor: Option<String>,
}

/// `GET /api/v1/user/usage`
pub(crate) async fn report(
    State(app): State<App>,
    caller: SessionCaller,
    format: Format,
    Query(query): Query<ReportQuery>,
) -> Result<Response, ApiError> {
    let by = query.group_by.into();
    let user = &caller.user.id;
    let keys = app.signing_keys.keys().await?;
    let walk = Walk::new(&keys, &usage::list_name(by), user);
    let span = walk.span(query.limit, query.cursor.as_deref())?;
    let period = Period {
        from: query.from.as_deref(),
        to: query.to.as_deref(),
    };
    let days = period.days(app.store.clock().now(), usage::MOST_DAYS_OF_ONE)?;
    let groups = app
        .store
        .usage_sums(Whose::User(user), &days, |row| Some(by.group(&row.of)))
        .await?;
    usage::report(&groups, by, &walk, &span).respond(format)
}

/// `GET /api/v1/user/logs`, newest first.
pub(crate) async fn log(
    State(app): State<App>,
    caller: SessionCaller,
    format: Format,
    Query(query): Query<LogQuery>,
) -> Result<Response, ApiError> {
    let user = &caller.user.id;
    let keys = app.signing_keys.keys().await?;
    let walk = Walk::new(&keys, "own logs", user);
    let span = walk.span(query.limit, query.cursor.as_deref())?;
    let period = Period {
        from: query.from.as_deref(),
        to: query.to.as_deref(),
    };
    let time = period.time(app.store.clock().now())?;
    let shows_backend = app.store.settings().await?.show_backend_id;
    let show = |entry: LogEntry| if shows_backend { entry } else { entry.without_backend() };
    let became = LogFilter {
        request_id: query.request_id,
        outcome: query.outcome,
        client: query.client,
        status: query.status,
        min_duration_ms: query.min_duration_ms,
    };
    let keep = |record: &UsageRecord| became.fits(record);
    let page = app.store.usage_records(Whose::User(user), &time, &span, keep).await?;
    usage::log(page, &walk, show).respond(format)
}

impl From<OwnGroup> for GroupBy {
    fn from(group: OwnGroup) -> Self {
        match group {
            OwnGroup::Day => Self::Day,
            OwnGroup::Model => Self::Model,
            OwnGroup::Key => Self::Key,
        }
    }
}
