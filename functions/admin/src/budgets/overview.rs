//! The use of the limits of a department or of the organisation, at this moment.

use axum::extract::State;
use domain::access::accounts::{Reach, reach};
use domain::access::quota::{LimitName, UpperUsage};
use domain::models::DisplayName;
use domain::models::budget::Budget;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use service::http::ApiError;
use service::http::extract::{Actor, Query};
use service::http::page::List;
use service::http::quota::Amount;

use super::departments::sees;
use super::no_department;
use crate::app::App;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    level: Level,
    /// The department's name.
    account: Option<DisplayName>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Organisation,
    Department,
}

/// One limit, and how far it is used.
#[derive(Serialize)]
pub(crate) struct LimitOfMany {
    limit: LimitName,
    amount: Amount,
    used: Amount,
    /// The amount that requests under way hold; they give back what they do not use.
    reserved: Amount,
    /// The amount that people hold of it and have not used.
    lent: Amount,
    /// The amount without what is used and reserved; 0 if that is more.
    left: Amount,
    resets_at: Option<Timestamp>,
}

/// `GET /api/v1/admin/budgets`: for managers, of their department.
pub(crate) async fn show(
    State(app): State<App>,
    actor: Actor,
    Query(asked): Query<Asked>,
) -> Result<List<LimitOfMany>, ApiError> {
    let budget = asked.budget(&app, &actor).await?;
    let usage = app.store.upper_usage(&budget).await?;
    Ok(List::whole(usage.iter().map(LimitOfMany::from).collect()))
}

impl Asked {
    async fn budget(self, app: &App, actor: &Actor) -> Result<Budget, ApiError> {
        let reach = reach(&actor.user);
        match (self.level, self.account) {
            (Level::Organisation, None) if reach == Reach::Everybody => Ok(app.store.organisation().await?),
            (Level::Organisation, None) => Err(ApiError::not_found("organisation")),
            (Level::Organisation, Some(_)) => Err(ApiError::invalid("account", "the organisation is one alone")),
            (Level::Department, None) => Err(ApiError::invalid("account", "must be given")),
            (Level::Department, Some(name)) if sees(&reach, &name) => {
                app.store.department(&name).await?.ok_or_else(no_department)
            }
            (Level::Department, Some(_)) => Err(no_department()),
        }
    }
}

impl From<&UpperUsage> for LimitOfMany {
    fn from(usage: &UpperUsage) -> Self {
        let amount = |amount: i64| Amount::of(usage.unit, u64::try_from(amount).unwrap_or_default());
        Self {
            limit: usage.name.clone(),
            amount: amount(usage.amount),
            used: amount(usage.used),
            reserved: amount(usage.reserved),
            lent: amount(usage.lent),
            left: amount(usage.amount - usage.used - usage.reserved),
            resets_at: usage.resets_at,
        }
    }
}
