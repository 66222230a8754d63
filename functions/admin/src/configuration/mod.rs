//! The configuration as one document (docs/config.md): to export it, and to make the installation what a document says.
//!
//! A document is [compared](mod@plan) with what there is, and the changes are [made](mod@apply) by the handlers of the
//! routes for one object, so that their rules, their audit entries and their conditions hold here too.

mod apply;
mod document;
mod plan;
mod report;
mod stored;

use std::time::Duration;

use axum::extract::{Request, State};
use serde::Deserialize;
use service::http::ApiError;
use service::http::extract::{Actor, Query};
use service::http::json::{self, Data};
use service::http::language::{Language, RefusalLanguage};

use crate::app::App;
use document::Document;
use plan::Plan;
use stored::Stored;

pub use report::{Change, Outcome, Report};

/// The largest document: more than 500 models with 20 backends each take less.
const MAX_DOCUMENT: usize = 4 * 1024 * 1024;
/// The time after which no change is begun: the next import goes on from there.
const TIME: Duration = Duration::from_secs(8);

/// The options of an import.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImportOptions {
    /// Only tells what would change.
    #[serde(default)]
    dry_run: bool,
    /// Deletes what a list of the document does not have.
    #[serde(default)]
    prune: bool,
}

/// `GET /api/v1/admin/export`
pub(crate) async fn export(State(app): State<App>) -> Result<Data<Document>, ApiError> {
    let stored = Stored::read(&app).await?;
    Ok(Data(Document::of(&app, &stored).map_err(ApiError::internal)?))
}

/// `POST /api/v1/admin/import`
pub(crate) async fn import(
    State(app): State<App>,
    actor: Actor,
    RefusalLanguage(language): RefusalLanguage,
    Query(options): Query<ImportOptions>,
    request: Request,
) -> Result<Data<Report>, ApiError> {
    let body = json::read(request, MAX_DOCUMENT).await?;
    let report = if options.dry_run {
        planned(&app, &body, options.prune).await
    } else {
        made(&app, &actor, &body, options.prune, Some(TIME), language).await
    };
    report.map(Data)
}

/// The changes that an import of the `document`, which is JSON, would make.
pub(crate) async fn planned(app: &App, document: &[u8], prune: bool) -> Result<Report, ApiError> {
    let plan = plan(app, document, prune).await?;
    Ok(Report::of(plan.changes, plan.unchanged))
}

/// Makes the installation what the `document` says, within `time` if there is a limit. The report is in `language`.
pub(crate) async fn made(
    app: &App,
    actor: &Actor,
    document: &[u8],
    prune: bool,
    time: Option<Duration>,
    language: Language,
) -> Result<Report, ApiError> {
    let plan = plan(app, document, prune).await?;
    Ok(apply::apply(app, actor, plan, time, language).await)
}

async fn plan(app: &App, document: &[u8], prune: bool) -> Result<Plan, ApiError> {
    let document: Document = json::parse(document)?;
    let stored = Stored::read(app).await?;
    plan::plan(app, document, &stored, prune).await
}
