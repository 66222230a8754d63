//! The changes that a document asks for. All that can be judged before the first change is judged here, and refused
//! with its place in the document, so that a document with a mistake changes nothing.

mod backends;
mod budgets;
mod changes;
mod models;
mod order;
mod policies;
mod settings;
mod sso;

use service::http::ApiError;

use super::document::Document;
use super::stored::Stored;
use crate::app::App;
use changes::at;

pub(super) use changes::Plan;

/// Compares the document with what is stored. With `prune`, what a list does not have is deleted.
pub(super) async fn plan(app: &App, document: Document, stored: &Stored, prune: bool) -> Result<Plan, ApiError> {
    let Document {
        settings,
        organisation,
        departments,
        policies,
        models,
        sso,
    } = document;
    let mut plan = Plan::default();
    let wanted = models::wanted(app, models.as_deref().unwrap_or_default())?;
    let future = models::future(stored, &wanted, prune && models.is_some());
    models::check(&wanted, &future)?;
    if let Some(parts) = &models {
        plan.models(app, parts, &wanted, stored, prune).await?;
    }
    if let Some(parts) = &policies {
        plan.policies(app, parts, stored, (&wanted, &future), prune).await?;
    }
    if let Some(part) = &organisation {
        let planned = plan.organisation(part, &stored.budgets.organisation);
        planned.map_err(at("organisation"))?;
    }
    if let Some(parts) = &departments {
        plan.departments(parts, &stored.budgets, prune)?;
    }
    if let Some(part) = &settings {
        let planned = plan.settings(app, part, &stored.settings, &future).await;
        planned.map_err(at("settings"))?;
    }
    if let Some(part) = &sso {
        plan.sso(app, part, stored).await.map_err(at("sso"))?;
    }
    order::sort(&mut plan.changes, stored, &wanted);
    Ok(plan)
}
