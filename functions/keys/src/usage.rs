//! A person's usage, and the log of the own requests: read by the caller's own id (promise 39).

use axum::extract::State;
use axum::response::Response;
use domain::models::log_entry::LogEntry;
use domain::models::report::{GroupBy, Grouping};
use domain::models::usage::UsageRecord;
use service::http::ApiError;
use service::http::accept::Format;
use service::http::caller::SessionCaller;
use service::http::extract::Query;
use service::http::page::Walk;
use service::http::usage::{self, Report};
use service::store::Whose;
use service::{log_query, time_query};

use crate::app::App;

time_query! {
    ReportQuery {
        #[serde(default = "by_day")]
        group_by: Grouping,
    }
}

fn by_day() -> Grouping {
    GroupBy::Day.into()
}

/// The dimensions by which a person's usage may be summed. The backend is the operator's concern.
const OWN: [GroupBy; 4] = [GroupBy::Hour, GroupBy::Day, GroupBy::Model, GroupBy::Key];

log_query! {
    LogQuery {}
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
    let span = query.span(&walk)?;
    let now = app.store.clock().now();
    let report = Report::new(query.group_by.clone(), query.period(), now, usage::MOST_DAYS_OF_ONE)?;
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
    let span = query.span(&walk)?;
    let time = query.period().time(app.store.clock().now())?;
    let shows_backend = app.store.settings().await?.show_backend_id;
    let show = |entry: LogEntry| if shows_backend { entry } else { entry.without_backend() };
    let became = query.became();
    let keep = |record: &UsageRecord| became.fits(record);
    let page = app.store.usage_records(Whose::User(user), &time, &span, keep).await?;
    usage::log(&app.store, page, &walk, show).await?.respond(format)
}
