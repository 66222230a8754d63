//! Rules for workloads: whose identity tokens let a program in without a secret (docs/keyless.md).

mod form;

use axum::extract::State;
use domain::models::WorkloadId;
use domain::models::workload::Workload;
use service::http::extract::{Actor, Id, IfMatch, version_conflict};
use service::http::json::{Body, Created, Data, Message};
use service::http::page::List;
use service::http::{ApiError, Code};
use service::store::{Removal, WorkloadChange};

use crate::app::App;
use crate::sign_ins;
use form::{NewWorkload, WorkloadPatch};

/// Looked at before the write, as for policies: nothing hangs on the exact number.
const MAX_RULES: usize = 100;

/// `GET /api/v1/admin/workloads`: at most 100, so all at once.
pub(crate) async fn list(State(app): State<App>) -> Result<List<Workload>, ApiError> {
    Ok(List::whole(app.store.workloads().await?))
}

/// `GET /api/v1/admin/workloads/{id}`
pub(crate) async fn show(State(app): State<App>, Id(id): Id<WorkloadId>) -> Result<Data<Workload>, ApiError> {
    read(&app, &id).await.map(Data)
}

/// `POST /api/v1/admin/workloads`
pub(crate) async fn create(
    State(app): State<App>,
    actor: Actor,
    Body(new): Body<NewWorkload>,
) -> Result<Created<Workload>, ApiError> {
    let now = app.store.clock().now();
    let mut rule = new.create(now)?;
    form::complete(&app, &mut rule);
    form::check(&app, &rule)?;
    if app.store.workloads().await?.len() >= MAX_RULES {
        let message = format!("there can be at most {MAX_RULES} rules for workloads");
        return Err(ApiError::new(Code::Conflict, message));
    }
    let audit = actor
        .audit(now, "workload.create", &rule.id, vec![])
        .creating(WorkloadPatch::FIELDS, &rule);
    match app.store.create_workload(&rule, &audit).await? {
        WorkloadChange::Done => Ok(Created(rule)),
        WorkloadChange::NoAccount => Err(no_account()),
        WorkloadChange::Conflict => {
            Err(ApiError::new(Code::Conflict, "there is a rule for workloads with this id already").field("id"))
        }
    }
}

/// `PUT /api/v1/admin/workloads/{id}`
pub(crate) async fn update(
    State(app): State<App>,
    actor: Actor,
    expected: IfMatch,
    Id(id): Id<WorkloadId>,
    Body(patch): Body<WorkloadPatch>,
) -> Result<Data<Workload>, ApiError> {
    let old = read(&app, &id).await?;
    expected.check(patch.version, old.version)?;
    let (now, mut rule) = (app.store.clock().now(), old.clone());
    patch.apply(&mut rule)?;
    form::complete(&app, &mut rule);
    form::check(&app, &rule)?;
    rule.updated_at = now;
    rule.version += 1;
    let audit = actor
        .audit(now, "workload.update", &id, patch.changed())
        .telling(&old, &rule);
    match app.store.update_workload(&rule, &audit).await? {
        WorkloadChange::Done => {}
        WorkloadChange::NoAccount => return Err(no_account()),
        WorkloadChange::Conflict => return Err(version_conflict()),
    }
    if !rule.enabled || rule.user != old.user {
        end_sign_ins(&app, &actor, &old).await?;
    }
    Ok(Data(rule))
}

/// `DELETE /api/v1/admin/workloads/{id}`
pub(crate) async fn delete(
    State(app): State<App>,
    actor: Actor,
    expected: IfMatch,
    Id(id): Id<WorkloadId>,
) -> Result<Message, ApiError> {
    let rule = read(&app, &id).await?;
    expected.check(None, rule.version)?;
    let audit = actor
        .audit(app.store.clock().now(), "workload.delete", &id, vec![])
        .deleting(WorkloadPatch::FIELDS, &rule);
    match app.store.delete_workload(&rule, &audit).await? {
        Removal::Done => end_sign_ins(&app, &actor, &rule).await?,
        Removal::NotFound => return Err(version_conflict()),
    }
    Ok(Message("the rule for workloads is deleted"))
}

/// Ends what the rule has let in, once it lets in nothing more.
async fn end_sign_ins(app: &App, actor: &Actor, rule: &Workload) -> Result<(), ApiError> {
    let of_rule = sign_ins::end_where(app, actor, &rule.user, |sign_in| sign_in.rule() == Some(&rule.id));
    of_rule.await.map(|_| ())
}

async fn read(app: &App, id: &WorkloadId) -> Result<Workload, ApiError> {
    let rule = app.store.workload(id).await?;
    rule.ok_or_else(|| ApiError::not_found("rule for workloads"))
}

fn no_account() -> ApiError {
    ApiError::not_found("service account").field("user")
}
