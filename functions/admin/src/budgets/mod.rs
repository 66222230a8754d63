//! Budgets: what departments and the whole organisation may use.

pub(crate) mod departments;
mod form;
pub(crate) mod organisation;
pub(crate) mod overview;

use domain::access::quota::Owner;
use domain::models::budget::Budget;
use service::http::ApiError;
use service::store::BudgetChange;

use crate::app::App;

pub(crate) use form::{DepartmentPatch, OrganisationPatch, check_room};

/// Takes back what is lent beyond the new limits, as far as nobody has used it. Nothing more is lent in any case, so a
/// failure only leaves what users hold where it is until they use it or leave it idle.
async fn shrink(app: &App, BudgetChange { new, .. }: BudgetChange<'_>) {
    if let Err(error) = app.store.shrink(&Owner::of(new)).await {
        tracing::warn!(%error, "not all that is lent beyond a lower limit could be taken back");
    }
}

/// The next version of `budget`.
fn next(app: &App, mut budget: Budget) -> Budget {
    let now = app.store.clock().now();
    budget.created_at = budget.created_at.or(Some(now));
    budget.updated_at = Some(now);
    budget.version += 1;
    budget
}

pub(crate) fn no_department() -> ApiError {
    ApiError::not_found("department")
}
