//! The servers behind the models.

mod advice;
pub(crate) mod form;
mod presets;
mod trial;
mod vendors;
mod view;

use axum::extract::State;
use domain::models::catalog::{Backend, Catalog};
use domain::models::health::Health;
use domain::models::{BackendId, ModelId, SecretId};
use domain::secret::Secret;
use serde_json::Value;
use service::functions::{CheckRequest, CheckResult};
use service::http::extract::{Actor, Id, IfMatch, version_conflict};
use service::http::json::{Body, Created, Data, Message};
use service::http::managed::member::Given as _;
use service::http::page::List;
use service::http::{ApiError, Code};
use service::store::Change;

use crate::app::App;
use crate::catalog::judged;
use crate::secret_change::write_with_secret;
use form::{BackendKey, BackendPatch, NewBackend, check, check_key, refuse_other_use_of_key};
use view::{shown_all, shown_one};

pub(crate) use presets::{list_presets, list_settings};
pub(crate) use trial::try_entry;

/// Backends of one model (docs/api.md §7).
const MAX_BACKENDS: usize = 20;

/// `GET /api/v1/admin/backends`
pub(crate) async fn list(State(app): State<App>) -> Result<List<Value>, ApiError> {
    let catalog = app.store.read_catalog().await?;
    let backends = catalog.entries().flat_map(|entry| &entry.backends);
    Ok(List::whole(shown_all(&app.store, backends).await?))
}

/// `GET /api/v1/admin/models/{id}/backends`
pub(crate) async fn list_of_model(State(app): State<App>, Id(model): Id<ModelId>) -> Result<List<Value>, ApiError> {
    let catalog = app.store.read_catalog().await?;
    let entry = catalog.find(&model).ok_or_else(|| ApiError::not_found("model"))?;
    Ok(List::whole(shown_all(&app.store, entry.backends.iter()).await?))
}

/// `GET /api/v1/admin/backends/{id}`
pub(crate) async fn show(State(app): State<App>, Id(id): Id<BackendId>) -> Result<Data<Value>, ApiError> {
    let (backend, health) = tokio::try_join!(app.store.backend(&id), app.store.health(&id))?;
    let mut backend = backend.ok_or_else(|| ApiError::not_found("backend"))?;
    backend.health = health.unwrap_or_default();
    shown_one(&app.store, &backend).await.map(Data)
}

/// `POST /api/v1/admin/models/{id}/backends`
pub(crate) async fn create(
    State(app): State<App>,
    actor: Actor,
    Id(model): Id<ModelId>,
    Body(mut new): Body<NewBackend>,
) -> Result<Created<Value>, ApiError> {
    check_room_of(&app.store.read_catalog().await?, &model)?;
    let now = app.store.clock().now();
    let key = new.api_key.take();
    let secret = key.as_ref().map(|_| SecretId::generate());
    let mut backend = new.create(model, secret, now)?;
    check(&app, &backend)?;
    check_key(&backend, key.as_ref(), key.is_some())?;
    backend.key_fingerprint = fingerprint(&app, &backend, key.as_ref()).await?;
    let audit = actor
        .audit(now, "backend.create", &backend.id, vec![])
        .creating(BackendPatch::FIELDS, &backend);
    let (store, new, audit) = (&app.store, &backend, &audit);
    let write = async {
        let created = judged(store, |catalog| async move {
            check_room_of(&catalog, &new.model_id)?;
            Ok(store.create_backend(new, catalog.revision(), audit).await?)
        });
        Ok((created.await? == Change::Conflict).then(id_taken))
    };
    write_with_secret(&app, named_key(&backend, key.as_ref()), write).await?;
    shown_one(&app.store, &backend).await.map(Created)
}

fn check_room_of(catalog: &Catalog, model: &ModelId) -> Result<(), ApiError> {
    let entry = catalog.find(model).ok_or_else(|| ApiError::not_found("model"))?;
    check_room(entry.backends.len() + 1)
}

/// Refuses that a model has so many backends.
pub(crate) fn check_room(backends: usize) -> Result<(), ApiError> {
    if backends <= MAX_BACKENDS {
        return Ok(());
    }
    let message = format!("a model can have at most {MAX_BACKENDS} backends");
    Err(ApiError::new(Code::Conflict, message))
}

pub(crate) fn id_taken() -> ApiError {
    ApiError::new(Code::Conflict, "there is a backend with this id already").field("id")
}

/// A new key under the name that `backend` has for it.
fn named_key<'a>(backend: &Backend, key: Option<&'a BackendKey>) -> Option<(String, &'a Secret)> {
    key.and_then(|key| Some((backend.secret_name()?, key.secret())))
}

/// `PUT /api/v1/admin/backends/{id}`
pub(crate) async fn update(
    State(app): State<App>,
    actor: Actor,
    expected: IfMatch,
    Id(id): Id<BackendId>,
    Body(patch): Body<BackendPatch>,
) -> Result<Data<Value>, ApiError> {
    let old = app
        .store
        .backend(&id)
        .await?
        .ok_or_else(|| ApiError::not_found("backend"))?;
    expected.check(patch.version, old.version)?;
    let now = app.store.clock().now();
    let mut backend = patch.applied(&old, now)?;
    check(&app, &backend)?;
    check_key(&backend, patch.api_key.value(), backend.secret.is_some())?;
    refuse_other_use_of_key(&patch, &old, &backend)?;
    if patch.api_key.is_given() {
        backend.key_fingerprint = fingerprint(&app, &backend, patch.api_key.value()).await?;
    }
    let audit = actor
        .audit(now, "backend.update", &id, patch.changed())
        .telling(&old, &backend);
    let write = async {
        let updated = app.store.update_backend(&backend, &audit).await?;
        Ok((updated == Change::Conflict).then(version_conflict))
    };
    write_with_secret(&app, named_key(&backend, patch.api_key.value()), write).await?;
    if let Some(older) = old
        .retired_secret
        .as_ref()
        .filter(|older| backend.retired_secret.as_ref() != Some(older))
    {
        app.secrets.delete(&old.secret_name_of(older)).await?;
    }
    backend.health = health_after(&app, &old, &backend).await?;
    shown_one(&app.store, &backend).await.map(Data)
}

/// `DELETE /api/v1/admin/backends/{id}`
pub(crate) async fn delete(
    State(app): State<App>,
    actor: Actor,
    expected: IfMatch,
    Id(id): Id<BackendId>,
) -> Result<Message, ApiError> {
    let backend = app
        .store
        .backend(&id)
        .await?
        .ok_or_else(|| ApiError::not_found("backend"))?;
    expected.check(None, backend.version)?;
    let audit = actor
        .audit(app.store.clock().now(), "backend.delete", &id, vec![])
        .deleting(BackendPatch::FIELDS, &backend);
    match app.store.delete_backend(&backend, &audit).await? {
        Change::Done => forget_keys(&app, &backend)
            .await
            .map(|()| Message("the backend is deleted")),
        Change::Conflict => Err(version_conflict()),
    }
}

/// `POST /api/v1/admin/backends/{id}/health`: 200 with a result also when the backend does not respond.
pub(crate) async fn check_health(
    State(app): State<App>,
    actor: Actor,
    Id(id): Id<BackendId>,
) -> Result<Data<CheckResult>, ApiError> {
    app.store
        .backend(&id)
        .await?
        .ok_or_else(|| ApiError::not_found("backend"))?;
    // Before the check, since that changes the backend's health: no check without an entry in the audit trail.
    app.store
        .record(&actor.audit(app.store.clock().now(), "backend.check", &id, vec![]))
        .await?;
    let finding = app.delegates.check.call(CheckRequest { backend: id }).await?;
    finding.map(Data).ok_or_else(|| ApiError::not_found("backend"))
}

async fn fingerprint(app: &App, backend: &Backend, key: Option<&BackendKey>) -> Result<Option<String>, ApiError> {
    let Some(key) = key else { return Ok(None) };
    let signing_keys = app.signing_keys.keys().await?;
    Ok(Some(key.fingerprint(&signing_keys, &backend.id)))
}

/// Removes the keys of a backend that is gone.
pub(crate) async fn forget_keys(app: &App, backend: &Backend) -> Result<(), ApiError> {
    for secret in [&backend.secret, &backend.retired_secret].into_iter().flatten() {
        app.secrets.delete(&backend.secret_name_of(secret)).await?;
    }
    Ok(())
}

/// The health of a backend that was changed: what was found with another key or at another address says nothing of it.
async fn health_after(app: &App, old: &Backend, backend: &Backend) -> Result<Health, ApiError> {
    let health = app.store.health(&backend.id).await?.unwrap_or_default();
    if backend.secret == old.secret && backend.base_url == old.base_url && backend.model_name == old.model_name {
        return Ok(health);
    }
    let anew = health.forgotten(app.store.clock().now());
    app.store.update_health(&backend.id, &anew).await?;
    Ok(anew)
}
