//! Policies: what users may use, when, and how much of it.

pub(crate) mod form;
pub(crate) mod shadow;

use std::collections::HashMap;

use axum::extract::State;
use domain::models::PolicyName;
use domain::models::policy::Policy;
use serde::Serialize;
use service::http::extract::{Actor, Id, IfMatch, version_conflict};
use service::http::json::{Body, Created, Data, Message};
use service::http::page::List;
use service::http::{ApiError, Code};
use service::store::{Change, PolicyRemoval};

use crate::app::App;
use crate::settings::check_webhook;
use form::PolicyPatch;

/// Policies of one installation. Looked at before the write, not with it: of administrators who add policies at the
/// same moment each may get the last place, and nothing hangs on the exact number.
const MAX_POLICIES: usize = 100;

/// Refuses that there are so many policies.
pub(crate) fn check_room(policies: usize) -> Result<(), ApiError> {
    if policies <= MAX_POLICIES {
        return Ok(());
    }
    let message = format!("there can be at most {MAX_POLICIES} policies");
    Err(ApiError::new(Code::Conflict, message))
}

/// A policy, and how many users are under it.
#[derive(Serialize)]
pub(crate) struct PolicyResponse {
    #[serde(flatten)]
    policy: Policy,
    /// Absent for `default`, which is for everybody who has no other one.
    users: Option<u64>,
}

impl PolicyResponse {
    fn new(policy: Policy, users: &HashMap<PolicyName, u64>) -> Self {
        Self {
            users: users.get(&policy.name).copied(),
            policy,
        }
    }
}

async fn respond(app: &App, policy: Policy) -> Result<PolicyResponse, ApiError> {
    Ok(PolicyResponse::new(policy, &app.store.policy_users().await?))
}

/// `GET /api/v1/admin/policies`
pub(crate) async fn list(State(app): State<App>) -> Result<List<PolicyResponse>, ApiError> {
    let (policies, users) = tokio::try_join!(app.store.policies(), app.store.policy_users())?;
    let response = |policy| PolicyResponse::new(policy, &users);
    Ok(List::whole(policies.into_iter().map(response).collect()))
}

/// `GET /api/v1/admin/policies/{name}`
pub(crate) async fn show(State(app): State<App>, Id(name): Id<PolicyName>) -> Result<Data<PolicyResponse>, ApiError> {
    let policy = app.store.read_policy(&name).await?.ok_or_else(no_policy)?;
    respond(&app, policy).await.map(Data)
}

/// `POST /api/v1/admin/policies`
pub(crate) async fn create(
    State(app): State<App>,
    actor: Actor,
    Body(patch): Body<PolicyPatch>,
) -> Result<Created<PolicyResponse>, ApiError> {
    let name = patch
        .name
        .clone()
        .ok_or_else(|| ApiError::invalid("name", "must be given"))?;
    let policies = app.store.policies().await?;
    if policies.iter().any(|policy| policy.name == name) {
        return Err(name_taken());
    }
    check_room(policies.len() + 1)?;
    let now = app.store.clock().now();
    let policy = patch.applied(Policy::unlimited(name), now)?;
    patch.check_default_model(&policy, &app.store).await?;
    form::check_prices(&patch, &policy, &app.store).await?;
    check_webhook(&app, "notify.webhook", policy.notify.as_ref())?;
    let audit = actor
        .audit(now, "policy.create", &policy.name, vec![])
        .creating(PolicyPatch::FIELDS, &policy.told());
    match app.store.create_policy(&policy, &audit).await? {
        Change::Done => respond(&app, policy).await.map(Created),
        Change::Conflict => Err(name_taken()),
    }
}

/// `PUT /api/v1/admin/policies/{name}`
pub(crate) async fn update(
    State(app): State<App>,
    actor: Actor,
    expected: IfMatch,
    Id(name): Id<PolicyName>,
    Body(patch): Body<PolicyPatch>,
) -> Result<Data<PolicyResponse>, ApiError> {
    let old = app.store.read_policy(&name).await?.ok_or_else(no_policy)?;
    expected.check(patch.version, old.version)?;
    if patch.name.as_ref().is_some_and(|given| *given != name) {
        return Err(ApiError::invalid(
            "name",
            "a policy keeps its name: users have it by that name",
        ));
    }
    let now = app.store.clock().now();
    let policy = patch.applied(old.clone(), now)?;
    patch.check_default_model(&policy, &app.store).await?;
    form::check_prices(&patch, &policy, &app.store).await?;
    check_webhook(&app, "notify.webhook", policy.notify.as_ref())?;
    // The name may be repeated, but is none of the changes.
    let changed = patch.changed().into_iter().filter(|field| field != "name").collect();
    let audit = actor
        .audit(now, "policy.update", &name, changed)
        .telling(&old.told(), &policy.told());
    match app.store.update_policy(&policy, &audit).await? {
        Change::Done => respond(&app, policy).await.map(Data),
        Change::Conflict => Err(version_conflict()),
    }
}

/// `DELETE /api/v1/admin/policies/{name}`
pub(crate) async fn delete(
    State(app): State<App>,
    actor: Actor,
    expected: IfMatch,
    Id(name): Id<PolicyName>,
) -> Result<Message, ApiError> {
    if name == PolicyName::default() {
        return Err(ApiError::new(
            Code::PolicyInUse,
            "the policy `default` is for everybody who has no other one, and stays",
        ));
    }
    let policy = app.store.read_policy(&name).await?.ok_or_else(no_policy)?;
    expected.check(None, policy.version)?;
    let audit = actor
        .audit(app.store.clock().now(), "policy.delete", &name, vec![])
        .deleting(PolicyPatch::FIELDS, &policy.told());
    match app.store.delete_policy(&policy, &audit).await? {
        PolicyRemoval::Done => Ok(Message("the policy is deleted")),
        PolicyRemoval::InUse => Err(ApiError::new(
            Code::PolicyInUse,
            "users are under this policy; give them another one first",
        )),
        PolicyRemoval::Conflict => Err(version_conflict()),
    }
}

fn no_policy() -> ApiError {
    ApiError::not_found("policy")
}

fn name_taken() -> ApiError {
    ApiError::new(Code::Conflict, "there is a policy with this name already").field("name")
}
