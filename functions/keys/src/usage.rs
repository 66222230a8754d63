//! A person's usage, and the log of the own requests: read by the caller's own id (promise 39).

use axum::extract::State;
use axum::response::Response;
use domain::models::log_entry::LogEntry;
use domain::models::report::{GroupBy, Grouping};
use domain::models::usage::{ClientKind, Outcome, UsageRecord};
use domain::models::zone::Zone;
use serde::Deserialize;
use service::http::ApiError;
use service::http::accept::{Bom, Format};
use service::http::caller::SessionCaller;
use service::http::extract::Query;
use service::http::log_filter::{LogFilter, StatusFilter};
use service::http::page::{Limit, Walk};
use service::http::period::Period;
use service::http::usage::{self, Report};
use service::store::Whose;

use crate::app::App;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReportQuery {
    from: Option<String>,
    to: Option<String>,
    #[serde(default)]
    timezone: Zone,
    #[serde(default = "by_day")]
    group_by: Grouping,
    #[serde(default)]
    limit: Limit,
    cursor: Option<String>,
    #[serde(default, rename = "bom")]
    _bom: Bom,
}

fn by_day() -> Grouping {
    GroupBy::Day.into()
}

/// The dimensions by which a person's usage may be summed. The backend is the operator's concern.
const OWN: [GroupBy; 4] = [GroupBy::Hour, GroupBy::Day, GroupBy::Model, GroupBy::Key];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogQuery {
    from: Option<String>,
    to: Option<String>,
    #[serde(default)]
    timezone: Zone,
    request_id: Option<String>,
    outcome: Option<Outcome>,
    client: Option<ClientKind>,
    status: Option<StatusFilter>,
    min_duration_ms: Option<u64>,
    #[serde(default)]
    limit: Limit,
    cursor: Option<String>,
    #[serde(default, rename = "bom")]
    _bom: Bom,
}

/// `GET /api/v1/user/usage`
pub(crate) async fn report(
    State(app): State<App>,
    caller: SessionCaller,
    format: Format,
    Query(query): Query<ReportQuery>,
) -> Result<Response, ApiError> {
    let user = &caller.user.id;
    check_group(&query.group_by)?;
    let keys = app.signing_keys.keys().await?;
    let walk = Walk::new(&keys, &Report::list_name(&query.group_by), user);
    let span = walk.span(query.limit, query.cursor.as_deref())?;
    let period = Period {
        from: query.from.as_deref(),
        to: query.to.as_deref(),
        zone: &query.timezone,
    };
    let now = app.store.clock().now();
    let report = Report::new(query.group_by, period, now, usage::MOST_DAYS_OF_ONE)?;
    let page = report.page(&app.store, Whose::User(user), |_| true, (&walk, &span));
    page.await?.respond(format)
}

fn check_group(by: &Grouping) -> Result<(), ApiError> {
    if by.by().iter().all(|by| OWN.contains(by)) {
        return Ok(());
    }
    let message = "must be one or two, parted by a comma, of hour, day, model and key";
    Err(ApiError::invalid("group_by", message))
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
        zone: &query.timezone,
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
    usage::log(&app.store, page, &walk, show).await?.respond(format)
}
