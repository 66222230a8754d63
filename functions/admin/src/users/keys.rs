//! A person's keys in the hands of administrators: to make, to see, to limit, to switch off, to delete. Managers see
//! those of their department.

use axum::extract::State;
use domain::access::api_key::MintedKey;
use domain::models::api_key::ApiKey;
use domain::models::limit::{self, Limit};
use domain::models::{DisplayName, KeyId, UserId};
use jiff::Timestamp;
use service::http::extract::{Actor, Id, Ids, IfMatch, version_conflict};
use service::http::json::{Body, Created, Data, Message};
use service::http::key_object::KeyObject;
use service::http::key_rules::{MAX_MODELS, check_expiry, check_limits, check_models, too_many_keys};
use service::http::managed::constraint::{self, max_items};
use service::http::page::List;
use service::http::{ApiError, Code};
use service::managed_object;
use service::store::{Change, KeyCreation, Removal};

use super::visible::visible;
use crate::app::App;

/// The fields of a deleted key whose values the audit trail tells.
const TOLD: [&str; 5] = ["name", "enabled", "models", "limits", "expires_at"];

managed_object! {
    ApiKey: NewKey, KeyPatch {
        fixed         name:       DisplayName;
        fixed         models:     Vec<String> = Vec::new(), max_items(MAX_MODELS, "models");
        fixed         expires_at: Timestamp = None;
        nullable      limits:     Vec<Limit>, constraint::list(check_limits);
        later default enabled:    bool = true;
    }
    new(owner: UserId, key_prefix: String, now: Timestamp) {
        id: KeyId::generate(), owner, key_prefix, created_at: now, last_used_at: None, session: None, epoch: None,
        slots: Vec::new(), version: 1
    }
}

/// `GET /api/v1/admin/users/{id}/keys`: at most 50, so all at once.
pub(crate) async fn list(
    State(app): State<App>,
    actor: Actor,
    Id(id): Id<UserId>,
) -> Result<List<KeyObject>, ApiError> {
    let owner = visible(&app, &actor, &id).await?;
    let keys = app.store.api_keys(&owner.id).await?;
    Ok(List::whole(keys.into_iter().map(KeyObject::from).collect()))
}

/// `POST /api/v1/admin/users/{id}/keys`: a key for another, shown once. It may do what its owner may.
pub(crate) async fn create(
    State(app): State<App>,
    actor: Actor,
    Id(id): Id<UserId>,
    Body(new): Body<NewKey>,
) -> Result<Created<KeyObject>, ApiError> {
    let owner = visible(&app, &actor, &id).await?;
    let now = app.store.clock().now();
    let minted = MintedKey::generate();
    let mut key = new.create(owner.id.clone(), minted.shown, now)?;
    key.slots = limit::slots(&key.limits, (&[], &[]));
    check_models(&app.store, &owner, &key.models).await?;
    check_expiry(key.expires_at, now)?;
    let audit = actor
        .audit(now, "key.create", &key.id, vec![])
        .creating(&["owner", "name", "models", "limits", "expires_at"], &key);
    match app.store.create_api_key(&key, minted.digest, &audit).await? {
        KeyCreation::Done => Ok(Created(KeyObject::new(key, minted.secret))),
        KeyCreation::TooMany => Err(too_many_keys()),
        KeyCreation::OwnerGone => Err(ApiError::new(Code::Conflict, "the account is not active")),
    }
}

/// `PUT /api/v1/admin/users/{id}/keys/{key}`
pub(crate) async fn update(
    State(app): State<App>,
    actor: Actor,
    expected: IfMatch,
    Ids(owner, id): Ids<UserId, KeyId>,
    Body(patch): Body<KeyPatch>,
) -> Result<Data<KeyObject>, ApiError> {
    let key = app.store.api_key(&owner, &id).await?;
    let old = key.ok_or_else(no_key)?;
    let mut key = old.clone();
    expected.check(patch.version, key.version)?;
    patch.apply(&mut key)?;
    key.slots = limit::slots(&key.limits, (&old.limits, &old.slots));
    key.version += 1;
    let audit = actor
        .audit(app.store.clock().now(), "key.update", &id, patch.changed())
        .telling(&old, &key);
    match app.store.update_api_key(&key, &audit).await? {
        Change::Done => Ok(Data(KeyObject::from(key))),
        Change::Conflict => Err(version_conflict()),
    }
}

/// `DELETE /api/v1/admin/users/{id}/keys/{key}`
pub(crate) async fn delete(
    State(app): State<App>,
    actor: Actor,
    expected: IfMatch,
    Ids(owner, id): Ids<UserId, KeyId>,
) -> Result<Message, ApiError> {
    let key = app.store.api_key(&owner, &id).await?.ok_or_else(no_key)?;
    expected.check(None, key.version)?;
    match remove(&app, &actor, &key).await? {
        Removal::Done => Ok(Message("the key is deleted")),
        Removal::NotFound => Err(no_key()),
    }
}

/// Deletes all keys of `owner`, each with its entry in the audit trail. Repeating it finishes what was cut short.
pub(super) async fn revoke_all(app: &App, actor: &Actor, owner: &UserId) -> Result<(), ApiError> {
    for key in app.store.api_keys(owner).await? {
        remove(app, actor, &key).await?;
    }
    Ok(())
}

async fn remove(app: &App, actor: &Actor, key: &ApiKey) -> Result<Removal, ApiError> {
    let audit = actor
        .audit(app.store.clock().now(), "key.delete", &key.id, vec![])
        .deleting(&TOLD, key);
    Ok(app.store.delete_api_key(&key.owner, &key.id, &audit).await?)
}

fn no_key() -> ApiError {
    ApiError::not_found("key")
}
