//! Making, listing, changing and deleting keys.

use axum::extract::State;
use domain::access::api_key::MintedKey;
use domain::models::api_key::ApiKey;
use domain::models::user::User;
use domain::models::{DisplayName, KeyId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use service::http::caller::SessionCaller;
use service::http::extract::{Actor, Id, IfMatch, version_conflict};
use service::http::json::{Body, Created, Data, Message, nullable};
use service::http::page::List;
use service::http::{ApiError, Code};
use service::store::{Change, KeyCreation, Removal, Store};

use crate::App;

const MAX_MODELS: usize = 100;
/// Five years.
const MAX_LIFETIME: SignedDuration = SignedDuration::from_hours(5 * 366 * 24);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewKey {
    name: DisplayName,
    #[serde(default)]
    models: Option<Vec<String>>,
    #[serde(default)]
    expires_at: Option<Timestamp>,
}

/// A change: absent fields stay, `null` clears.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyChange {
    name: Option<DisplayName>,
    enabled: Option<bool>,
    #[serde(default, deserialize_with = "nullable")]
    models: Option<Option<Vec<String>>>,
    #[serde(default, deserialize_with = "nullable")]
    expires_at: Option<Option<Timestamp>>,
    version: Option<u64>,
}

/// A key as its owner sees it.
#[derive(Serialize)]
pub(crate) struct Shown {
    id: KeyId,
    name: DisplayName,
    /// Only in the answer that creates it.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    key_prefix: String,
    models: Vec<String>,
    expires_at: Option<Timestamp>,
    enabled: bool,
    created_at: Timestamp,
    last_used_at: Option<Timestamp>,
    version: u64,
}

impl Shown {
    fn new(key: ApiKey, secret: Option<String>) -> Self {
        Self {
            id: key.id,
            name: key.name,
            key: secret,
            key_prefix: key.key_prefix,
            models: key.models,
            expires_at: key.expires_at,
            enabled: key.enabled,
            created_at: key.created_at,
            last_used_at: key.last_used_at,
            version: key.version,
        }
    }
}

/// `POST /api/v1/user/keys`
pub(crate) async fn create_key(
    State(app): State<App>,
    actor: Actor,
    Body(new): Body<NewKey>,
) -> Result<Created<Shown>, ApiError> {
    let now = app.store.clock().now();
    let models = new.models.unwrap_or_default();
    check_models(&app.store, &actor.user, &models).await?;
    check_expiry(new.expires_at, now)?;
    let minted = MintedKey::generate();
    let key = ApiKey {
        id: KeyId::generate(),
        owner: actor.user.id.clone(),
        name: new.name,
        key_prefix: minted.shown,
        models,
        expires_at: new.expires_at,
        enabled: true,
        created_at: now,
        last_used_at: None,
        version: 1,
    };
    let entry = actor.entry(now, "key.create", &key.id, vec![]);
    match app.store.create_api_key(&key, minted.digest, &entry).await? {
        KeyCreation::Done => Ok(Created(Shown::new(key, Some(minted.secret)))),
        KeyCreation::TooMany => Err(ApiError::new(
            Code::TooManyKeys,
            "there are 50 keys already; delete one first",
        )),
        KeyCreation::OwnerGone => Err(ApiError::unauthorized()),
    }
}

/// `GET /api/v1/user/keys`: at most 50, so all at once.
pub(crate) async fn list_keys(State(app): State<App>, caller: SessionCaller) -> Result<List<Shown>, ApiError> {
    let keys = app.store.api_keys(&caller.user.id).await?;
    Ok(List::whole(keys.into_iter().map(|key| Shown::new(key, None)).collect()))
}

/// `PUT /api/v1/user/keys/{id}`
pub(crate) async fn update_key(
    State(app): State<App>,
    actor: Actor,
    expected: IfMatch,
    Id(id): Id<KeyId>,
    Body(change): Body<KeyChange>,
) -> Result<Data<Shown>, ApiError> {
    let key = app
        .store
        .api_key(&actor.user.id, &id)
        .await?
        .ok_or_else(|| ApiError::not_found("key"))?;
    expected.check(change.version, key.version)?;
    let now = app.store.clock().now();
    if let Some(Some(models)) = &change.models {
        check_models(&app.store, &actor.user, models).await?;
    }
    check_expiry(change.expires_at.flatten(), now)?;
    let entry = actor.entry(now, "key.update", &id, change.fields());
    let key = change.apply(key);
    match app.store.update_api_key(&key, &entry).await? {
        Change::Done => Ok(Data(Shown::new(key, None))),
        Change::Conflict => Err(version_conflict()),
    }
}

/// `DELETE /api/v1/user/keys/{id}`
pub(crate) async fn delete_key(
    State(app): State<App>,
    actor: Actor,
    expected: IfMatch,
    Id(id): Id<KeyId>,
) -> Result<Message, ApiError> {
    let key = app
        .store
        .api_key(&actor.user.id, &id)
        .await?
        .ok_or_else(|| ApiError::not_found("key"))?;
    expected.check(None, key.version)?;
    let entry = actor.entry(app.store.clock().now(), "key.delete", &id, vec![]);
    match app.store.delete_api_key(&actor.user.id, &id, &entry).await? {
        Removal::Done => Ok(Message("the key is deleted")),
        Removal::NotFound => Err(ApiError::not_found("key")),
    }
}

impl KeyChange {
    /// The names of the fields that are given, for the audit trail.
    fn fields(&self) -> Vec<String> {
        let given = [
            ("name", self.name.is_some()),
            ("enabled", self.enabled.is_some()),
            ("models", self.models.is_some()),
            ("expires_at", self.expires_at.is_some()),
        ];
        given
            .into_iter()
            .filter(|(_, given)| *given)
            .map(|(field, _)| field.to_owned())
            .collect()
    }

    fn apply(self, old: ApiKey) -> ApiKey {
        ApiKey {
            name: self.name.unwrap_or(old.name),
            enabled: self.enabled.unwrap_or(old.enabled),
            models: self.models.map_or(old.models, Option::unwrap_or_default),
            expires_at: self.expires_at.unwrap_or(old.expires_at),
            version: old.version + 1,
            ..old
        }
    }
}

/// Each model must exist and be allowed by the owner's policy, which are one answer (promise 19); `*` stands for all
/// that are.
async fn check_models(store: &Store, owner: &User, models: &[String]) -> Result<(), ApiError> {
    if models.len() > MAX_MODELS {
        return Err(ApiError::invalid("models", "may name at most 100 models"));
    }
    let (catalog, policy) = tokio::try_join!(store.catalog(), store.policy(&owner.quota_policy))?;
    let allowed = |name: &str| policy.as_ref().is_some_and(|policy| policy.allows_model(name));
    let known = |name: &str| catalog.entries().any(|entry| entry.model.id.as_str() == name);
    match models
        .iter()
        .find(|name| *name != "*" && !(known(name) && allowed(name)))
    {
        Some(unusable) => Err(ApiError::invalid(
            "models",
            format!("the model {unusable:?} does not exist or is not allowed"),
        )),
        None => Ok(()),
    }
}

/// An expiry lies ahead, but not too far.
fn check_expiry(expires_at: Option<Timestamp>, now: Timestamp) -> Result<(), ApiError> {
    match expires_at {
        Some(at) if at <= now => Err(ApiError::invalid("expires_at", "must be in the future")),
        Some(at) if at > now + MAX_LIFETIME => Err(ApiError::invalid("expires_at", "must be within five years")),
        Some(_) | None => Ok(()),
    }
}
