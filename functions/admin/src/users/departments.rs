//! The departments that accounts name.

use std::collections::BTreeMap;

use axum::extract::State;
use domain::access::accounts::{Reach, reach};
use domain::models::DisplayName;
use domain::models::user::{Status, User};
use serde::Serialize;
use service::http::ApiError;
use service::http::extract::Actor;
use service::http::page::List;
use service::store::Span;

use crate::app::App;

/// Accounts read at once.
const AT_ONCE: usize = 1000;

#[derive(Default, Serialize)]
pub(crate) struct Department {
    name: String,
    people: u64,
    /// Those of them who wait for approval.
    pending: u64,
}

/// `GET /api/v1/admin/departments`: for managers, their own.
pub(crate) async fn list(State(app): State<App>, actor: Actor) -> Result<List<Department>, ApiError> {
    let reach = reach(&actor.user);
    let own = match &reach {
        Reach::Department(own) => Some(own.as_str()),
        Reach::Everybody | Reach::Nobody => None,
    };
    let keep = |user: &User| reach.covers(user) && user.department.is_some();
    let mut departments: BTreeMap<DisplayName, Department> = BTreeMap::new();
    let mut after = None;
    loop {
        let span = Span { after, limit: AT_ONCE };
        let page = app.store.users(own, &span, keep).await?;
        for user in page.items {
            let Some(name) = user.department else { continue };
            let department = departments.entry(name).or_default();
            department.people += 1;
            department.pending += u64::from(user.status == Status::Pending);
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let named = departments.into_iter().map(|(name, department)| Department {
        name: name.to_string(),
        ..department
    });
    Ok(List::whole(named.collect()))
}
