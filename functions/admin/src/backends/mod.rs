//! The servers behind the models.

mod form;

use axum::extract::State;
use domain::models::catalog::Backend;
use domain::models::health::Health;
use domain::models::{BackendId, ModelId, SecretId};
use jiff::Timestamp;
use serde_json::{Value, json};
use service::functions::{CheckRequest, CheckResult};
use service::http::extract::{Actor, Id, IfMatch, version_conflict};
use service::http::json::{Body, Created, Data, Message};
use service::http::managed::member::Given as _;
use service::http::page::List;
use service::http::{ApiError, Code};
use service::store::Change;

use crate::app::App;
use form::{BackendKey, BackendPatch, NewBackend, check, origin};

/// Backends of one model (docs/api.md §7).
const MAX_BACKENDS: usize = 20;

/// `GET /api/v1/admin/backends`
pub(crate) async fn list(State(app): State<App>) -> Result<List<Value>, ApiError> {
    let catalog = app.store.read_catalog().await?;
    let now = app.store.clock().now();
    Ok(List::whole(
        catalog
            .entries()
            .flat_map(|entry| &entry.backends)
            .map(|backend| shown(backend, now))
            .collect(),
    ))
}

/// `GET /api/v1/admin/models/{id}/backends`
pub(crate) async fn list_of_model(State(app): State<App>, Id(model): Id<ModelId>) -> Result<List<Value>, ApiError> {
    let catalog = app.store.read_catalog().await?;
    let entry = catalog.find(&model).ok_or_else(|| ApiError::not_found("model"))?;
    let now = app.store.clock().now();
    Ok(List::whole(
        entry.backends.iter().map(|backend| shown(backend, now)).collect(),
    ))
}

/// `POST /api/v1/admin/models/{id}/backends`
pub(crate) async fn create(
    State(app): State<App>,
    actor: Actor,
    Id(model): Id<ModelId>,
    Body(mut new): Body<NewBackend>,
) -> Result<Created<Value>, ApiError> {
    let catalog = app.store.read_catalog().await?;
    let entry = catalog.find(&model).ok_or_else(|| ApiError::not_found("model"))?;
    if entry.backends.len() >= MAX_BACKENDS {
        return Err(ApiError::new(
            Code::Conflict,
            format!("a model can have at most {MAX_BACKENDS} backends"),
        ));
    }
    let now = app.store.clock().now();
    let key = new.api_key.take();
    let secret = key.as_ref().map(|_| SecretId::generate());
    let backend = new.create(model, secret, now)?;
    check(&app, &backend)?;
    let audit = actor.audit(now, "backend.create", &backend.id, vec![]);
    write_with_key(
        &app,
        &backend,
        key,
        || async { app.store.create_backend(&backend, &audit).await.map_err(Into::into) },
        || ApiError::new(Code::Conflict, "there is a backend with this id already").field("id"),
    )
    .await?;
    Ok(Created(shown(&backend, now)))
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
    if !patch.api_key.is_given() && old.secret.is_some() && origin(&backend) != origin(&old) {
        return Err(ApiError::new(Code::SecretRequired, "another address needs the key again").field("api_key"));
    }
    let audit = actor.audit(now, "backend.update", &id, patch.changed());
    let write = || async { app.store.update_backend(&backend, &audit).await.map_err(Into::into) };
    write_with_key(&app, &backend, patch.api_key.value().cloned(), write, version_conflict).await?;
    if let Some(older) = old
        .retired_secret
        .as_ref()
        .filter(|older| backend.retired_secret.as_ref() != Some(older))
    {
        app.secrets.delete(&old.secret_name_of(older)).await?;
    }
    backend.health = health_after(&app, &old, &backend).await?;
    Ok(Data(shown(&backend, now)))
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
    let audit = actor.audit(app.store.clock().now(), "backend.delete", &id, vec![]);
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

/// Removes the keys of a backend that is gone.
pub(crate) async fn forget_keys(app: &App, backend: &Backend) -> Result<(), ApiError> {
    for secret in [&backend.secret, &backend.retired_secret].into_iter().flatten() {
        app.secrets.delete(&backend.secret_name_of(secret)).await?;
    }
    Ok(())
}

/// Writes the key under its new name, then the entry that names it. If the entry is refused, the key goes again; while it is
/// not known whether it was, the key stays, since the entry may name it.
async fn write_with_key<F: Future<Output = Result<Change, ApiError>>>(
    app: &App,
    backend: &Backend,
    key: Option<BackendKey>,
    write: impl FnOnce() -> F,
    refusal: impl FnOnce() -> ApiError,
) -> Result<(), ApiError> {
    let name = key.is_some().then(|| backend.secret_name()).flatten();
    if let (Some(name), Some(key)) = (&name, key) {
        app.secrets.put(name, key.secret()).await?;
    }
    if write().await? == Change::Done {
        return Ok(());
    }
    if let Some(name) = name {
        app.secrets.delete(&name).await?;
    }
    Err(refusal())
}

/// The health of a backend that was changed: what was found with another key or at another address says nothing of it.
async fn health_after(app: &App, old: &Backend, backend: &Backend) -> Result<Health, ApiError> {
    let health = app.store.health(&backend.id).await?.unwrap_or_default();
    if backend.secret == old.secret && backend.base_url == old.base_url && backend.model_name == old.model_name {
        return Ok(health);
    }
    let anew = Health {
        version: health.version,
        ..Health::default()
    };
    app.store.update_health(&backend.id, &anew).await?;
    Ok(anew)
}

/// The health of a backend, as far as it tells why it is out and until when.
fn shown_health(health: &Health, now: Timestamp) -> Value {
    json!({
        "state": health.availability(now), "reason": health.last_failure, "since": health.since,
        "until": health.ejected_at(now), "failures": health.failures, "latency_ms": health.latency_ms,
        "finding": health.finding, "last_error": health.last_error,
    })
}

/// A backend as administrators see it: never with its key (promise 22).
fn shown(backend: &Backend, now: Timestamp) -> Value {
    let Backend {
        id,
        model_id,
        name,
        base_url,
        model_name,
        weight,
        region,
        enabled,
        protocol,
        preset,
        settings,
        ..
    } = backend;
    json!({
        "id": id, "model_id": model_id, "name": name, "base_url": base_url, "model_name": model_name, "weight": weight,
        "region": region, "enabled": enabled, "healthy": backend.health.healthy, "last_check_at": backend.health.last_check_at,
        "health": shown_health(&backend.health, now), "has_api_key": backend.secret.is_some(), "protocol": protocol, "preset": preset, "settings": settings,
        "max_concurrency": backend.max_concurrency, "timeout_ms": backend.timeout_ms,
        "idle_timeout_ms": backend.idle_timeout_ms, "headers": backend.headers, "health_path": backend.health_path, "created_at": backend.created_at, "updated_at": backend.updated_at,
        "version": backend.version,
    })
}
