//! Reports of usage, and the log of all requests. Managers see their department's, by its name in the key expression
//! (promise 39).

use axum::extract::State;
use axum::response::Response;
use domain::models::report::{GroupBy, Grouping};
use domain::models::usage::{ClientKind, Outcome, UsageRecord};
use domain::models::zone::Zone;
use domain::models::{BackendId, DisplayName, ModelId};
use serde::Deserialize;
use service::http::ApiError;
use service::http::accept::{Bom, Format};
use service::http::extract::{Actor, Query};
use service::http::log_filter::{LogFilter, StatusFilter};
use service::http::page::{Limit, Walk};
use service::http::period::Period;
use service::http::usage::{self, Report};

use crate::app::App;
use crate::usage_filter::{Filter, person};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReportQuery {
    from: Option<String>,
    to: Option<String>,
    #[serde(default)]
    timezone: Zone,
    #[serde(default = "by_user")]
    group_by: Grouping,
    user: Option<String>,
    department: Option<DisplayName>,
    model: Option<ModelId>,
    backend: Option<BackendId>,
    key: Option<String>,
    #[serde(default)]
    limit: Limit,
    cursor: Option<String>,
    #[serde(default, rename = "bom")]
    _bom: Bom,
}

fn by_user() -> Grouping {
    GroupBy::User.into()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogQuery {
    from: Option<String>,
    to: Option<String>,
    #[serde(default)]
    timezone: Zone,
    user: Option<String>,
    department: Option<DisplayName>,
    model: Option<ModelId>,
    backend: Option<BackendId>,
    key: Option<String>,
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

/// `GET /api/v1/admin/usage`
pub(crate) async fn report(
    State(app): State<App>,
    actor: Actor,
    format: Format,
    Query(query): Query<ReportQuery>,
) -> Result<Response, ApiError> {
    let keys = app.signing_keys.keys().await?;
    let walk = Walk::new(&keys, &Report::list_name(&query.group_by), &actor.user.id);
    let span = walk.span(query.limit, query.cursor.as_deref())?;
    let period = Period {
        from: query.from.as_deref(),
        to: query.to.as_deref(),
        zone: &query.timezone,
    };
    let now = app.store.clock().now();
    let report = Report::new(query.group_by, period, now, usage::MOST_DAYS_OF_MANY)?;
    let filter = Filter {
        user: person(&app.store, query.user.as_deref()).await?,
        department: query.department,
        model: query.model,
        backend: query.backend,
        key: query.key,
    };
    let whose = filter.whose(&actor.user)?;
    let fits = |row: &_| filter.fits_row(row);
    report
        .page(&app.store, whose, fits, (&walk, &span))
        .await?
        .respond(format)
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
    let period = Period {
        from: query.from.as_deref(),
        to: query.to.as_deref(),
        zone: &query.timezone,
    };
    let time = period.time(app.store.clock().now())?;
    let became = query.became();
    let filter = Filter {
        user: person(&app.store, query.user.as_deref()).await?,
        department: query.department,
        model: query.model,
        backend: query.backend,
        key: query.key,
    };
    let whose = filter.whose(&actor.user)?;
    let keep = |record: &UsageRecord| filter.fits_record(record) && became.fits(record);
    let page = app.store.usage_records(whose, &time, &span, keep).await?;
    usage::log(&app.store, page, &walk, |entry| entry)
        .await?
        .respond(format)
}

impl LogQuery {
    /// The filter by what became of the requests.
    fn became(&self) -> LogFilter {
        LogFilter {
            request_id: self.request_id.clone(),
            outcome: self.outcome,
            client: self.client,
            status: self.status,
            min_duration_ms: self.min_duration_ms,
        }
    }
}
