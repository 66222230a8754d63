//! Reports of usage, and the log of all requests. Managers see their department's, by its name in the key expression
//! (promise 39).

use axum::extract::State;
use axum::response::Response;
use domain::models::report::{GroupBy, Grouping};
use domain::models::usage::UsageRecord;
use domain::models::{BackendId, DisplayName, ModelId};
use service::http::ApiError;
use service::http::accept::Format;
use service::http::extract::{Actor, Query};
use service::http::page::Walk;
use service::http::usage::{self, Report};
use service::{log_query, time_query};

use crate::app::App;
use crate::usage_filter::{Filter, person};

time_query! {
    ReportQuery {
        #[serde(default = "by_user")]
        group_by: Grouping,
        user: Option<String>,
        department: Option<DisplayName>,
        model: Option<ModelId>,
        backend: Option<BackendId>,
        key: Option<String>,
    }
}

fn by_user() -> Grouping {
    GroupBy::User.into()
}

log_query! {
    LogQuery {
        user: Option<String>,
        department: Option<DisplayName>,
        model: Option<ModelId>,
        backend: Option<BackendId>,
        key: Option<String>,
    }
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
    let span = query.span(&walk)?;
    let now = app.store.clock().now();
    let report = Report::new(query.group_by.clone(), query.period(), now, usage::MOST_DAYS_OF_MANY)?;
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
    let span = query.span(&walk)?;
    let time = query.period().time(app.store.clock().now())?;
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
