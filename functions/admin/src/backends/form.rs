//! A backend as administrators write it, and the rules for it.

use std::collections::BTreeMap;

use domain::access::service_account::ServiceAccountKey;
use domain::access::session::SigningKeys;
use domain::models::auth::{Auth, KeyUse};
use domain::models::catalog::{Backend, Protocol};
use domain::models::health::Health;
use domain::models::{BackendId, DisplayName, ModelId, SecretId};
use domain::secret::Secret;
use http::{HeaderName, HeaderValue};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use service::http::json;
use service::http::managed::constraint::{form, within};
use service::http::managed::member::Given as _;
use service::http::{ApiError, Code};
use service::managed_object;
use translators::settings::BackendSettings;

use crate::app::App;
use crate::{headers, storable};

const MAX_WEIGHT: u32 = 1000;
/// Bytes of a key: tokens of cloud accounts are long.
const MAX_KEY: usize = 8192;
/// The longest silence of a backend: a completion's whole time.
const MAX_TIMEOUT_MS: u64 = 840_000;

managed_object! {
    Backend: NewBackend, BackendPatch {
        fixed    id:              BackendId = BackendId::generate();
        required name:            DisplayName;
        required base_url:        String;
        required model_name:      String, form(is_model_name, "must have 1 to 512 characters");
        default  weight:          u32 = 1, within(0..=MAX_WEIGHT);
        nullable region:          String, form(is_display_name, "must have 1 to 128 characters");
        default  enabled:         bool = true;
        secret   api_key:         BackendKey;
        default  protocol:        Protocol = Protocol::Openai;
        nullable auth:            Auth;
        nullable api_version:     String, form(is_api_version, "must have 1 to 32 letters, digits, dots or hyphens");
        nullable preset:          String;
        nullable settings:        BTreeMap<String, Value>, check_storable;
        default  max_concurrency: u32 = 0;
        nullable timeout_ms:      u64, within(1..=MAX_TIMEOUT_MS);
        nullable idle_timeout_ms: u64, within(1..=MAX_TIMEOUT_MS);
        nullable headers:         BTreeMap<String, String>, check_headers;
        nullable health_path:     String, form(is_plain_path, "must be a plain path that begins with /");
    }
    new(model_id: ModelId, secret: Option<SecretId>, now: Timestamp) {
        model_id, secret, retired_secret: None, key_fingerprint: None, health: Health::default(), created_at: now,
        updated_at: now, version: 1
    }
}

/// A key as a header can carry it, as it is: a blank, a line break or a scheme before it comes from copying, and would
/// be sent. Or the file with the key of a service account at Google, which is a JSON object.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct BackendKey(Secret);

impl TryFrom<String> for BackendKey {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_file = || serde_json::from_str::<BTreeMap<String, Value>>(&text).is_ok();
        if (1..=MAX_KEY).contains(&text.len()) && (is_plain(&text) || is_file()) {
            Ok(Self(Secret::from(text)))
        } else {
            Err("not a key")
        }
    }
}

fn is_plain(key: &str) -> bool {
    key.bytes().all(|byte| byte.is_ascii_graphic())
}

impl BackendKey {
    pub(super) fn secret(&self) -> &Secret {
        &self.0
    }

    /// A keyed hash of the key, stored beside the backend, to know the key again.
    pub(super) fn fingerprint(&self, keys: &SigningKeys, backend: &BackendId) -> String {
        keys.fingerprint(backend.as_str(), self.0.expose())
    }

    /// True if it is the key that `backend` has.
    pub(crate) fn is_of(&self, keys: &SigningKeys, backend: &Backend) -> bool {
        let known = backend.key_fingerprint.as_deref().filter(|_| backend.secret.is_some());
        known.is_some_and(|known| keys.is_fingerprint(backend.id.as_str(), self.0.expose(), known))
    }
}

impl BackendPatch {
    /// `old` with the changes. A new key is stored under a new name, and the one before stays.
    pub(super) fn applied(&self, old: &Backend, now: Timestamp) -> Result<Backend, ApiError> {
        let mut backend = old.clone();
        self.apply(&mut backend)?;
        if self.api_key.is_given() {
            backend.retired_secret = backend.secret.take();
            backend.secret = self.api_key.value().map(|_| SecretId::generate());
        }
        backend.updated_at = now;
        backend.version += 1;
        Ok(backend)
    }
}

/// The name of a cloud's deployment or inference profile is long.
fn is_model_name(text: &str) -> bool {
    (1..=512).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

fn is_display_name(text: &str) -> bool {
    DisplayName::parse(text).is_ok()
}

/// Nothing else goes into a query, which could carry a credential.
fn is_api_version(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
    (1..=32).contains(&text.len()) && text.bytes().all(is_plain)
}

fn is_plain_path(path: &str) -> bool {
    let is_absolute = path.starts_with('/') && !path.starts_with("//");
    is_absolute && !path.contains(['?', '#', '\\']) && path.bytes().all(|byte| byte.is_ascii_graphic())
}

fn check_storable(settings: &BTreeMap<String, Value>) -> Result<(), String> {
    settings
        .iter()
        .try_for_each(|(name, value)| storable::check_member(name, value))
}

fn check_headers(extra: &BTreeMap<String, String>) -> Result<(), String> {
    extra.iter().try_for_each(|(name, value)| {
        let is_header = HeaderName::try_from(name).is_ok() && HeaderValue::try_from(value).is_ok();
        if is_header && !headers::is_reserved(name) {
            Ok(())
        } else {
            Err(format!("`{name}` cannot be set"))
        }
    })
}

/// Refuses what depends on more than one field: on the networks that backends may be in, and on the preset.
pub(crate) fn check(app: &App, backend: &Backend) -> Result<(), ApiError> {
    let invalid_base_url = |problem| ApiError::new(Code::InvalidBaseUrl, problem).field("base_url");
    let base = app.rules.networks.base_url(&backend.base_url);
    let base = base.map_err(|problem| invalid_base_url(format!("the base_url {problem}")))?;
    if let Some(auth) = &backend.auth
        && !app.rules.identity_origins.admit(auth, &base)
    {
        let problem = "the base_url must be an https address of the vendor that `auth` is for, or in IDENTITY_ORIGINS";
        return Err(invalid_base_url(problem.to_owned()));
    }
    if backend.protocol == Protocol::AnthropicVertex && !is_location(base.path()) {
        let problem = "with this protocol the base_url must end in /locations/ and the name of one";
        return Err(invalid_base_url(problem.to_owned()));
    }
    let nothing = BTreeMap::new();
    if let Some(preset) = backend.preset.as_deref()
        && BackendSettings::of_entry(Some(preset), &nothing).is_err()
    {
        return Err(ApiError::invalid("preset", format!("there is no preset {preset:?}")));
    }
    // One by one, so that the refusal names the setting.
    backend.settings.iter().try_for_each(|(name, value)| {
        let one = BTreeMap::from([(name.clone(), value.clone())]);
        let wrong = |problem| json::invalid(format!("settings.{name}"), &problem);
        BackendSettings::of_entry(None, &one).map(|_| ()).map_err(wrong)
    })
}

/// True for `/v1/projects/p/locations/global`.
fn is_location(path: &str) -> bool {
    let mut ends = path.trim_end_matches('/').rsplit('/');
    ends.next().is_some_and(|name| !name.is_empty()) && ends.next() == Some("locations")
}

/// Refuses a backend whose `auth` needs a key and has none, or the other way round, and a `new` key of another kind.
pub(crate) fn check_key(backend: &Backend, new: Option<&BackendKey>, has_key: bool) -> Result<(), ApiError> {
    let refused = |reason: &'static str| Err(ApiError::invalid("api_key", reason));
    match (Auth::key_use(backend.auth.as_ref()), new) {
        (KeyUse::Refused, _) if has_key => refused("must be null: with this `auth` no key is sent"),
        (KeyUse::Required | KeyUse::RequiredFile, _) if !has_key => refused("must be given"),
        (KeyUse::RequiredFile, Some(key)) => ServiceAccountKey::parse(key.secret())
            .map(|_| ())
            .map_err(|problem| ApiError::invalid("api_key", problem.to_string())),
        (KeyUse::Optional | KeyUse::Required, Some(key)) if !is_plain(key.secret().expose()) => {
            refused("must be a key, without blanks")
        }
        _ => Ok(()),
    }
}

/// The key stays with the address that it was set for, and with the way in which it is shown (promise 23).
pub(crate) fn refuse_other_use_of_key(patch: &BackendPatch, old: &Backend, backend: &Backend) -> Result<(), ApiError> {
    if patch.api_key.is_given() || old.secret.is_none() {
        return Ok(());
    }
    let way = |backend: &Backend| backend.auth.as_ref().map(Auth::way);
    let problem = if origin(backend) != origin(old) {
        "another address needs the key again"
    } else if way(backend) != way(old) {
        "another `auth` needs the key again"
    } else {
        return Ok(());
    };
    Err(ApiError::new(Code::SecretRequired, problem).field("api_key"))
}

/// Scheme, host and port of a backend, to which its key is bound.
fn origin(backend: &Backend) -> Option<url::Origin> {
    url::Url::parse(&backend.base_url).ok().map(|url| url.origin())
}
