//! The budget of the organisation, which always exists.

use axum::extract::State;
use domain::models::budget::Budget;
use service::http::ApiError;
use service::http::extract::{Actor, IfMatch, version_conflict};
use service::http::json::{Body, Data};
use service::store::{BudgetChange, Change};

use super::{OrganisationPatch, next, shrink};
use crate::app::App;

/// `GET /api/v1/admin/organisation`
pub(crate) async fn show(State(app): State<App>) -> Result<Data<Budget>, ApiError> {
    Ok(Data(app.store.organisation().await?))
}

/// `PUT /api/v1/admin/organisation`
pub(crate) async fn update(
    State(app): State<App>,
    actor: Actor,
    expected: IfMatch,
    Body(patch): Body<OrganisationPatch>,
) -> Result<Data<Budget>, ApiError> {
    let old = app.store.organisation().await?;
    expected.check(patch.version, old.version)?;
    let new = next(&app, patch.applied(&old)?);
    let audit = actor
        .audit(
            app.store.clock().now(),
            "organisation.update",
            "organisation",
            patch.changed(),
        )
        .telling(&old, &new);
    let change = BudgetChange { old: &old, new: &new };
    match app.store.put_budget(change, &audit).await? {
        Change::Done => {
            shrink(&app, change).await;
            Ok(Data(new))
        }
        Change::Conflict => Err(version_conflict()),
    }
}
