//! The departments that accounts name.

use std::collections::BTreeMap;

use axum::extract::State;
use domain::access::accounts::reach;
use domain::models::DisplayName;
use domain::models::user::{Status, User};
use serde::Serialize;
use service::http::ApiError;
use service::http::extract::Actor;
use service::http::page::List;

use super::people;
use crate::app::App;

#[derive(Default, Serialize)]
pub(crate) struct Department {
    name: String,
    people: u64,
    /// Those of them who wait for approval.
    pending: u64,
}

/// `GET /api/v1/admin/departments`: for managers, their own.
pub(crate) async fn list(State(app): State<App>, actor: Actor) -> Result<List<Department>, ApiError> {
    let mut departments: BTreeMap<DisplayName, Department> = BTreeMap::new();
    let count = |user: User| {
        let Some(name) = user.department else { return };
        let department = departments.entry(name).or_default();
        department.people += 1;
        department.pending += u64::from(user.status == Status::Pending);
    };
    people::each(&app.store, &reach(&actor.user), None, count).await?;
    let named = departments.into_iter().map(|(name, department)| Department {
        name: name.to_string(),
        ..department
    });
    Ok(List::whole(named.collect()))
}
