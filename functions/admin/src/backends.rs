//! The servers behind the models.

use std::collections::BTreeMap;

use axum::extract::State as Shared;
use http::{HeaderName, HeaderValue};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use shared::http::extract::{Actor, Id, IfMatch, version_conflict};
use shared::http::json::{Body, Created, Data, Message, nullable};
use shared::http::{ApiError, Code};
use shared::models::catalog::{Backend, Health, Protocol};
use shared::models::{BackendId, DisplayName, ModelId};
use shared::secrets::Secret;
use shared::store::{Change, Removal};
use shared::translators::settings::BackendSettings;

use crate::State;
use crate::models::is_reserved_header;

/// Backends of one model (security-reliability §15).
const MAX_BACKENDS: usize = 20;
const MAX_WEIGHT: u32 = 1000;
/// The longest that a first byte may take: a completion's whole time.
const MAX_TIMEOUT_MS: u64 = 840_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewBackend {
    id: Option<BackendId>,
    name: DisplayName,
    base_url: String,
    model_name: String,
    #[serde(default = "one")]
    weight: u32,
    region: Option<String>,
    #[serde(default = "yes")]
    enabled: bool,
    api_key: Option<String>,
    #[serde(default)]
    protocol: Protocol,
    preset: Option<String>,
    #[serde(default)]
    settings: BTreeMap<String, Value>,
    #[serde(default)]
    max_concurrency: u32,
    timeout_ms: Option<u64>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    health_path: Option<String>,
}

fn one() -> u32 {
    1
}

fn yes() -> bool {
    true
}

/// A change: absent fields stay, `null` clears.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BackendChange {
    name: Option<DisplayName>,
    base_url: Option<String>,
    model_name: Option<String>,
    weight: Option<u32>,
    #[serde(default, deserialize_with = "nullable")]
    region: Option<Option<String>>,
    enabled: Option<bool>,
    #[serde(default, deserialize_with = "nullable")]
    api_key: Option<Option<String>>,
    protocol: Option<Protocol>,
    #[serde(default, deserialize_with = "nullable")]
    preset: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    settings: Option<Option<BTreeMap<String, Value>>>,
    max_concurrency: Option<u32>,
    #[serde(default, deserialize_with = "nullable")]
    timeout_ms: Option<Option<u64>>,
    #[serde(default, deserialize_with = "nullable")]
    headers: Option<Option<BTreeMap<String, String>>>,
    #[serde(default, deserialize_with = "nullable")]
    health_path: Option<Option<String>>,
    version: Option<u64>,
}

/// `GET /api/v1/admin/backends`
pub(crate) async fn list(Shared(state): Shared<State>) -> Result<Data<Vec<Value>>, ApiError> {
    let catalog = state.store.read_catalog().await?;
    Ok(Data(catalog.offers().flat_map(|offer| &offer.backends).map(shown).collect()))
}

/// `GET /api/v1/admin/models/{id}/backends`
pub(crate) async fn list_of_model(Shared(state): Shared<State>, Id(model): Id<ModelId>) -> Result<Data<Vec<Value>>, ApiError> {
    let catalog = state.store.read_catalog().await?;
    let offer = catalog.find(&model).ok_or_else(|| ApiError::not_found("model"))?;
    Ok(Data(offer.backends.iter().map(shown).collect()))
}

/// `POST /api/v1/admin/models/{id}/backends`
pub(crate) async fn create(
    Shared(state): Shared<State>,
    actor: Actor,
    Id(model): Id<ModelId>,
    Body(mut new): Body<NewBackend>,
) -> Result<Created<Value>, ApiError> {
    let catalog = state.store.read_catalog().await?;
    let offer = catalog.find(&model).ok_or_else(|| ApiError::not_found("model"))?;
    if offer.backends.len() >= MAX_BACKENDS {
        return Err(ApiError::new(Code::Conflict, format!("a model can have at most {MAX_BACKENDS} backends")));
    }
    let now = state.store.clock().now();
    let key = new.api_key.take();
    let backend = new.into_backend(model, key.is_some(), now);
    check(&state, &backend)?;
    let entry = actor.entry(now, "backend.create", &backend.id, vec![]);
    write_with_key(
        &state,
        &backend,
        key,
        || async { state.store.create_backend(&backend, &entry).await.map_err(Into::into) },
        || ApiError::new(Code::Conflict, "there is a backend with this id already").field("id"),
    )
    .await?;
    Ok(Created(shown(&backend)))
}

/// `PUT /api/v1/admin/backends/{id}`
pub(crate) async fn update(
    Shared(state): Shared<State>,
    actor: Actor,
    expected: IfMatch,
    Id(id): Id<BackendId>,
    Body(mut change): Body<BackendChange>,
) -> Result<Data<Value>, ApiError> {
    let old = state.store.backend(&id).await?.ok_or_else(|| ApiError::not_found("backend"))?;
    expected.check(change.version, old.version)?;
    let now = state.store.clock().now();
    let changed = change.fields();
    let key = change.api_key.take();
    let backend = change.apply(old.clone(), key.as_ref(), now);
    check(&state, &backend)?;
    if key.is_none() && old.key_version.is_some() && origin(&backend) != origin(&old) {
        return Err(ApiError::new(Code::SecretRequired, "another address needs the key again").field("api_key"));
    }
    let entry = actor.entry(now, "backend.update", &id, changed);
    let write = || async { state.store.update_backend(&backend, &entry).await.map_err(Into::into) };
    write_with_key(&state, &backend, key.flatten(), write, version_conflict).await?;
    if let Some(older) = old.retired_key_version.filter(|_| backend.retired_key_version != old.retired_key_version) {
        state.secrets.delete(&old.secret_name_at(older)).await?;
    }
    Ok(Data(shown(&backend)))
}

/// `DELETE /api/v1/admin/backends/{id}`
pub(crate) async fn delete(Shared(state): Shared<State>, actor: Actor, Id(id): Id<BackendId>) -> Result<Message, ApiError> {
    let backend = state.store.backend(&id).await?.ok_or_else(|| ApiError::not_found("backend"))?;
    let entry = actor.entry(state.store.clock().now(), "backend.delete", &id, vec![]);
    match state.store.delete_backend(&id, &entry).await? {
        Removal::Done => forget_keys(&state, &backend).await.map(|()| Message("the backend is deleted")),
        Removal::NotFound => Err(ApiError::not_found("backend")),
    }
}

/// Removes the keys of a backend that is gone.
pub(crate) async fn forget_keys(state: &State, backend: &Backend) -> Result<(), ApiError> {
    for version in [backend.key_version, backend.retired_key_version].into_iter().flatten() {
        state.secrets.delete(&backend.secret_name_at(version)).await?;
    }
    Ok(())
}

/// Writes the key under its new name, then the entry that names it. If the entry is refused, the key goes again;
/// the old entry has kept its own.
async fn write_with_key<F: Future<Output = Result<Change, ApiError>>>(
    state: &State,
    backend: &Backend,
    key: Option<String>,
    write: impl FnOnce() -> F,
    refusal: impl FnOnce() -> ApiError,
) -> Result<(), ApiError> {
    let name = key.is_some().then(|| backend.secret_name()).flatten();
    if let (Some(name), Some(key)) = (&name, key) {
        state.secrets.put(name, &Secret::from(key)).await?;
    }
    let written = write().await;
    if let (Some(name), Err(_) | Ok(Change::Conflict)) = (name, &written) {
        state.secrets.delete(&name).await?;
    }
    match written? {
        Change::Done => Ok(()),
        Change::Conflict => Err(refusal()),
    }
}

/// A backend as administrators see it: never with its key (promise 22).
fn shown(backend: &Backend) -> Value {
    let Backend { id, model_id, name, base_url, model_name, weight, region, enabled, protocol, preset, settings, .. } = backend;
    json!({
        "id": id, "model_id": model_id, "name": name, "base_url": base_url, "model_name": model_name, "weight": weight,
        "region": region, "enabled": enabled, "healthy": backend.health.healthy, "last_check_at": backend.health.last_check_at,
        "has_api_key": backend.key_version.is_some(), "protocol": protocol, "preset": preset, "settings": settings,
        "max_concurrency": backend.max_concurrency, "timeout_ms": backend.timeout_ms, "headers": backend.headers,
        "health_path": backend.health_path, "created_at": backend.created_at, "updated_at": backend.updated_at,
        "version": backend.version,
    })
}

impl NewBackend {
    fn into_backend(self, model_id: ModelId, has_key: bool, now: Timestamp) -> Backend {
        Backend {
            id: self.id.unwrap_or_else(BackendId::generate),
            model_id,
            name: self.name,
            base_url: self.base_url,
            model_name: self.model_name,
            weight: self.weight,
            region: self.region,
            enabled: self.enabled,
            key_version: has_key.then_some(1),
            retired_key_version: None,
            protocol: self.protocol,
            preset: self.preset,
            settings: self.settings,
            max_concurrency: self.max_concurrency,
            timeout_ms: self.timeout_ms,
            headers: self.headers,
            health_path: self.health_path,
            created_at: now,
            updated_at: now,
            version: 1,
            health: Health::default(),
        }
    }
}

impl BackendChange {
    /// The names of the fields that are given, for the audit trail.
    fn fields(&self) -> Vec<String> {
        let given = [
            ("name", self.name.is_some()),
            ("base_url", self.base_url.is_some()),
            ("model_name", self.model_name.is_some()),
            ("weight", self.weight.is_some()),
            ("region", self.region.is_some()),
            ("enabled", self.enabled.is_some()),
            ("api_key", self.api_key.is_some()),
            ("protocol", self.protocol.is_some()),
            ("preset", self.preset.is_some()),
            ("settings", self.settings.is_some()),
            ("max_concurrency", self.max_concurrency.is_some()),
            ("timeout_ms", self.timeout_ms.is_some()),
            ("headers", self.headers.is_some()),
            ("health_path", self.health_path.is_some()),
        ];
        given.into_iter().filter(|(_, given)| *given).map(|(field, _)| field.to_owned()).collect()
    }

    /// The changed backend. `key` is a new key, `None` in it takes the key away.
    fn apply(self, old: Backend, key: Option<&Option<String>>, now: Timestamp) -> Backend {
        let version = old.version + 1;
        let (key_version, retired_key_version) = match key {
            None => (old.key_version, old.retired_key_version),
            Some(key) => (key.as_ref().map(|_| version), old.key_version),
        };
        Backend {
            name: self.name.unwrap_or(old.name),
            base_url: self.base_url.unwrap_or(old.base_url),
            model_name: self.model_name.unwrap_or(old.model_name),
            weight: self.weight.unwrap_or(old.weight),
            region: self.region.unwrap_or(old.region),
            enabled: self.enabled.unwrap_or(old.enabled),
            key_version,
            retired_key_version,
            protocol: self.protocol.unwrap_or(old.protocol),
            preset: self.preset.unwrap_or(old.preset),
            settings: self.settings.map_or(old.settings, Option::unwrap_or_default),
            max_concurrency: self.max_concurrency.unwrap_or(old.max_concurrency),
            timeout_ms: self.timeout_ms.unwrap_or(old.timeout_ms),
            headers: self.headers.map_or(old.headers, Option::unwrap_or_default),
            health_path: self.health_path.unwrap_or(old.health_path),
            updated_at: now,
            version,
            ..old
        }
    }
}

/// What the types do not say.
fn check(state: &State, backend: &Backend) -> Result<(), ApiError> {
    if let Err(problem) = state.networks.base_url(&backend.base_url) {
        return Err(ApiError::new(Code::InvalidBaseUrl, format!("the base_url {problem}")).field("base_url"));
    }
    if !(1..=128).contains(&backend.model_name.chars().count()) || backend.model_name.chars().any(char::is_control) {
        return Err(ApiError::invalid("model_name", "must have 1 to 128 characters"));
    }
    if let Err(problem) = BackendSettings::of_entry(backend.preset.as_deref(), &backend.settings) {
        return Err(ApiError::invalid("settings", problem.to_string()));
    }
    if backend.weight > MAX_WEIGHT {
        return Err(ApiError::invalid("weight", format!("must be 0 to {MAX_WEIGHT}")));
    }
    if backend.timeout_ms.is_some_and(|timeout| !(1..=MAX_TIMEOUT_MS).contains(&timeout)) {
        return Err(ApiError::invalid("timeout_ms", format!("must be 1 to {MAX_TIMEOUT_MS}")));
    }
    let is_plain =
        |path: &str| path.starts_with('/') && !path.contains(['?', '#', '\\']) && path.bytes().all(|byte| byte.is_ascii_graphic());
    if backend.health_path.as_deref().is_some_and(|path| !is_plain(path) || path.starts_with("//")) {
        return Err(ApiError::invalid("health_path", "must be a plain path that begins with /"));
    }
    backend.headers.iter().try_for_each(|(name, value)| check_header(name, value))
}

fn check_header(name: &str, value: &str) -> Result<(), ApiError> {
    let well_formed = HeaderName::try_from(name).is_ok() && HeaderValue::try_from(value).is_ok();
    if well_formed && !is_reserved_header(name) { Ok(()) } else { Err(ApiError::invalid("headers", format!("`{name}` cannot be set"))) }
}

/// What a key is bound to: scheme, host and port.
fn origin(backend: &Backend) -> Option<url::Origin> {
    url::Url::parse(&backend.base_url).ok().map(|url| url.origin())
}
