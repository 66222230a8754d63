//! What may be said of a backend: the bodies of requests, what they do to an entry, and what an entry may not be.

use std::collections::BTreeMap;

use domain::models::catalog::{Backend, Protocol};
use domain::models::health::Health;
use domain::models::{BackendId, DisplayName, ModelId, SecretId};
use http::{HeaderName, HeaderValue};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use service::http::json::nullable;
use service::http::{ApiError, Code};
use translators::settings::BackendSettings;

use crate::App;
use crate::models::is_reserved_header;

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
    pub(super) api_key: Option<String>,
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
    pub(super) api_key: Option<Option<String>>,
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
    pub(super) version: Option<u64>,
}

impl NewBackend {
    pub(super) fn into_backend(self, model_id: ModelId, has_key: bool, now: Timestamp) -> Backend {
        Backend {
            id: self.id.unwrap_or_else(BackendId::generate),
            model_id,
            name: self.name,
            base_url: self.base_url,
            model_name: self.model_name,
            weight: self.weight,
            region: self.region,
            enabled: self.enabled,
            secret: has_key.then(SecretId::generate),
            retired_secret: None,
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
    pub(super) fn fields(&self) -> Vec<String> {
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
        given
            .into_iter()
            .filter(|(_, given)| *given)
            .map(|(field, _)| field.to_owned())
            .collect()
    }

    /// The changed backend. `key` is a new key, `None` in it takes the key away.
    pub(super) fn apply(self, old: Backend, key: Option<&Option<String>>, now: Timestamp) -> Backend {
        let (secret, retired_secret) = match key {
            None => (old.secret, old.retired_secret),
            Some(key) => (key.as_ref().map(|_| SecretId::generate()), old.secret),
        };
        Backend {
            name: self.name.unwrap_or(old.name),
            base_url: self.base_url.unwrap_or(old.base_url),
            model_name: self.model_name.unwrap_or(old.model_name),
            weight: self.weight.unwrap_or(old.weight),
            region: self.region.unwrap_or(old.region),
            enabled: self.enabled.unwrap_or(old.enabled),
            secret,
            retired_secret,
            protocol: self.protocol.unwrap_or(old.protocol),
            preset: self.preset.unwrap_or(old.preset),
            settings: self.settings.map_or(old.settings, Option::unwrap_or_default),
            max_concurrency: self.max_concurrency.unwrap_or(old.max_concurrency),
            timeout_ms: self.timeout_ms.unwrap_or(old.timeout_ms),
            headers: self.headers.map_or(old.headers, Option::unwrap_or_default),
            health_path: self.health_path.unwrap_or(old.health_path),
            updated_at: now,
            version: old.version + 1,
            ..old
        }
    }
}

/// What the types do not say.
pub(super) fn check(app: &App, backend: &Backend) -> Result<(), ApiError> {
    if let Err(problem) = app.rules.networks.base_url(&backend.base_url) {
        return Err(ApiError::new(Code::InvalidBaseUrl, format!("the base_url {problem}")).field("base_url"));
    }
    if !(1..=128).contains(&backend.model_name.chars().count()) || backend.model_name.chars().any(char::is_control) {
        return Err(ApiError::invalid("model_name", "must have 1 to 128 characters"));
    }
    if backend
        .region
        .clone()
        .is_some_and(|region| DisplayName::try_from(region).is_err())
    {
        return Err(ApiError::invalid("region", "must have 1 to 128 characters"));
    }
    if let Err(problem) = BackendSettings::of_entry(backend.preset.as_deref(), &backend.settings) {
        return Err(ApiError::invalid("settings", problem.to_string()));
    }
    if backend.weight > MAX_WEIGHT {
        return Err(ApiError::invalid("weight", format!("must be 0 to {MAX_WEIGHT}")));
    }
    if backend
        .timeout_ms
        .is_some_and(|timeout| !(1..=MAX_TIMEOUT_MS).contains(&timeout))
    {
        return Err(ApiError::invalid(
            "timeout_ms",
            format!("must be 1 to {MAX_TIMEOUT_MS}"),
        ));
    }
    let is_plain = |path: &str| {
        path.starts_with('/') && !path.contains(['?', '#', '\\']) && path.bytes().all(|byte| byte.is_ascii_graphic())
    };
    if backend
        .health_path
        .as_deref()
        .is_some_and(|path| !is_plain(path) || path.starts_with("//"))
    {
        return Err(ApiError::invalid(
            "health_path",
            "must be a plain path that begins with /",
        ));
    }
    backend
        .headers
        .iter()
        .try_for_each(|(name, value)| check_header(name, value))
}

fn check_header(name: &str, value: &str) -> Result<(), ApiError> {
    let well_formed = HeaderName::try_from(name).is_ok() && HeaderValue::try_from(value).is_ok();
    if well_formed && !is_reserved_header(name) {
        Ok(())
    } else {
        Err(ApiError::invalid("headers", format!("`{name}` cannot be set")))
    }
}

/// What a key is bound to: scheme, host and port.
pub(super) fn origin(backend: &Backend) -> Option<url::Origin> {
    url::Url::parse(&backend.base_url).ok().map(|url| url.origin())
}
