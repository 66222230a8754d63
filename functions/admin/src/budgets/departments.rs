//! Departments: those that accounts name, and the budgets that some of them have.

use std::collections::BTreeMap;

use axum::extract::State;
use domain::access::accounts::{Reach, reach};
use domain::models::DisplayName;
use domain::models::budget::Budget;
use domain::models::user::{Status, User};
use serde::Serialize;
use service::http::extract::{Actor, Id, IfMatch, version_conflict};
use service::http::json::{Body, Created, Data, Message};
use service::http::page::List;
use service::http::{ApiError, Code};
use service::store::{BudgetChange, Change};

use super::{DepartmentPatch, check_room, next, no_department, shrink};
use crate::app::App;
use crate::users::people;

/// A department with how many people it has. One without a budget limits nothing, and has version 0.
#[derive(Serialize)]
pub(crate) struct Department {
    #[serde(flatten)]
    budget: Budget,
    people: u64,
    /// Those of them who wait for approval.
    pending: u64,
}

impl From<Budget> for Department {
    fn from(budget: Budget) -> Self {
        Self {
            budget,
            people: 0,
            pending: 0,
        }
    }
}

/// `GET /api/v1/admin/departments`: for managers, their own.
pub(crate) async fn list(State(app): State<App>, actor: Actor) -> Result<List<Department>, ApiError> {
    let reach = reach(&actor.user);
    let mut departments: BTreeMap<DisplayName, Department> = BTreeMap::new();
    let budgets = app.store.read_budgets().await?.departments;
    for budget in budgets {
        if let Some(name) = budget.name.clone().filter(|name| sees(&reach, name)) {
            departments.insert(name, budget.into());
        }
    }
    let count = |user: User| {
        let Some(name) = user.department else { return };
        let department = departments.entry(name.clone());
        let department = department.or_insert_with(|| Budget::unlimited(name).into());
        department.people += 1;
        department.pending += u64::from(user.status == Status::Pending);
    };
    people::each(&app.store, &reach, None, count).await?;
    Ok(List::whole(departments.into_values().collect()))
}

/// `GET /api/v1/admin/departments/{name}`: for managers, their own.
pub(crate) async fn show(
    State(app): State<App>,
    actor: Actor,
    Id(name): Id<DisplayName>,
) -> Result<Data<Budget>, ApiError> {
    if !sees(&reach(&actor.user), &name) {
        return Err(no_department());
    }
    known(&app, &name).await.map(Data)
}

/// `POST /api/v1/admin/departments`
pub(crate) async fn create(
    State(app): State<App>,
    actor: Actor,
    Body(patch): Body<DepartmentPatch>,
) -> Result<Created<Budget>, ApiError> {
    let name = patch.name.clone();
    let name = name.ok_or_else(|| ApiError::invalid("name", "must be given"))?;
    let budgets = app.store.read_budgets().await?;
    if budgets.department(&name).is_some() {
        return Err(name_taken());
    }
    check_room(budgets.departments.len() + 1)?;
    let old = Budget::unlimited(name.clone());
    let new = next(&app, patch.applied(&old)?);
    let audit = actor
        .audit(app.store.clock().now(), "department.create", &name, vec![])
        .creating(DepartmentPatch::FIELDS, &new);
    let change = BudgetChange { old: &old, new: &new };
    match app.store.put_budget(change, &audit).await? {
        Change::Done => Ok(Created(new)),
        Change::Conflict => Err(name_taken()),
    }
}

/// `PUT /api/v1/admin/departments/{name}`: also of one that has people and no budget yet.
pub(crate) async fn update(
    State(app): State<App>,
    actor: Actor,
    expected: IfMatch,
    Id(name): Id<DisplayName>,
    Body(patch): Body<DepartmentPatch>,
) -> Result<Data<Budget>, ApiError> {
    let old = known(&app, &name).await?;
    expected.check(patch.version, old.version)?;
    if patch.name.as_ref().is_some_and(|given| *given != name) {
        return Err(ApiError::invalid(
            "name",
            "a department keeps its name: accounts have it by that name",
        ));
    }
    let new = next(&app, patch.applied(&old)?);
    let changed = patch.changed().into_iter().filter(|field| field != "name").collect();
    let audit = actor
        .audit(app.store.clock().now(), "department.update", &name, changed)
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

/// `DELETE /api/v1/admin/departments/{name}`: the budget, with its limits. People stay in the department.
pub(crate) async fn delete(
    State(app): State<App>,
    actor: Actor,
    expected: IfMatch,
    Id(name): Id<DisplayName>,
) -> Result<Message, ApiError> {
    let old = app.store.department(&name).await?.ok_or_else(no_department)?;
    expected.check(None, old.version)?;
    let audit = actor
        .audit(app.store.clock().now(), "department.delete", &name, vec![])
        .deleting(DepartmentPatch::FIELDS, &old);
    match app.store.delete_budget(&old, &audit).await? {
        Change::Done => Ok(Message("the department's budget is deleted")),
        Change::Conflict => Err(version_conflict()),
    }
}

/// The budget of a department, stored or, if it has people, without limits.
async fn known(app: &App, name: &DisplayName) -> Result<Budget, ApiError> {
    if let Some(budget) = app.store.department(name).await? {
        return Ok(budget);
    }
    let mut has_people = false;
    people::each(&app.store, &Reach::Everybody, Some(name), |_| has_people = true).await?;
    has_people
        .then(|| Budget::unlimited(name.clone()))
        .ok_or_else(no_department)
}

/// True if somebody of this reach may see the department.
pub(super) fn sees(reach: &Reach<'_>, name: &DisplayName) -> bool {
    match reach {
        Reach::Everybody => true,
        Reach::Department(own) => *own == name,
        Reach::Nobody => false,
    }
}

fn name_taken() -> ApiError {
    ApiError::new(Code::Conflict, "there is a budget of this department already").field("name")
}
