//! Making, listing, changing and deleting keys.

mod form;
mod session;

use axum::extract::State;
use domain::access::api_key::MintedKey;
use domain::models::{KeyId, limit};
use service::http::ApiError;
use service::http::caller::SessionCaller;
use service::http::extract::{Actor, Id, IfMatch, version_conflict};
use service::http::json::{Body, Created, Data, Message};
use service::http::key_object::KeyObject;
use service::http::key_rules::{check_expiry, check_models, too_many_keys};
use service::http::page::List;
use service::store::{Change, KeyCreation, Removal};

use crate::app::App;
use form::{KeyPatch, NewKey};

pub(crate) use session::create as create_session_key;

/// `POST /api/v1/user/keys`
pub(crate) async fn create_key(
    State(app): State<App>,
    actor: Actor,
    Body(new): Body<NewKey>,
) -> Result<Created<KeyObject>, ApiError> {
    let now = app.store.clock().now();
    let minted = MintedKey::generate();
    let mut key = new.create(actor.user.id.clone(), minted.shown, now)?;
    key.slots = limit::slots(&key.limits, (&[], &[]));
    check_models(&app.store, &actor.user, &key.models).await?;
    check_expiry(key.expires_at, now)?;
    let audit = actor
        .audit(now, "key.create", &key.id, vec![])
        .creating(KeyPatch::FIELDS, &key);
    match app.store.create_api_key(&key, minted.digest, &audit).await? {
        KeyCreation::Done => Ok(Created(KeyObject::new(key, minted.secret))),
        KeyCreation::TooMany => Err(too_many_keys()),
        KeyCreation::OwnerGone => Err(ApiError::unauthorized()),
    }
}

/// `GET /api/v1/user/keys`: at most 50, so all at once.
pub(crate) async fn list_keys(State(app): State<App>, caller: SessionCaller) -> Result<List<KeyObject>, ApiError> {
    let keys = app.store.api_keys(&caller.user.id).await?;
    Ok(List::whole(keys.into_iter().map(KeyObject::from).collect()))
}

/// `GET /api/v1/user/keys/{id}`
pub(crate) async fn show_key(
    State(app): State<App>,
    caller: SessionCaller,
    Id(id): Id<KeyId>,
) -> Result<Data<KeyObject>, ApiError> {
    let key = app.store.api_key(&caller.user.id, &id).await?;
    let key = key.ok_or_else(|| ApiError::not_found("key"))?;
    Ok(Data(KeyObject::from(key)))
}

/// `PUT /api/v1/user/keys/{id}`
pub(crate) async fn update_key(
    State(app): State<App>,
    actor: Actor,
    expected: IfMatch,
    Id(id): Id<KeyId>,
    Body(patch): Body<KeyPatch>,
) -> Result<Data<KeyObject>, ApiError> {
    let key = app.store.api_key(&actor.user.id, &id).await?;
    let old = key.ok_or_else(|| ApiError::not_found("key"))?;
    let mut key = old.clone();
    expected.check(patch.version, key.version)?;
    let now = app.store.clock().now();
    patch.apply(&mut key)?;
    key.slots = limit::slots(&key.limits, (&old.limits, &old.slots));
    key.version += 1;
    if let Some(models) = patch.models.value() {
        check_models(&app.store, &actor.user, models).await?;
    }
    check_expiry(patch.expires_at.value().copied(), now)?;
    let audit = actor.audit(now, "key.update", &id, patch.changed()).telling(&old, &key);
    match app.store.update_api_key(&key, &audit).await? {
        Change::Done => Ok(Data(KeyObject::from(key))),
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
    let audit = actor
        .audit(app.store.clock().now(), "key.delete", &id, vec![])
        .deleting(KeyPatch::FIELDS, &key);
    match app.store.delete_api_key(&actor.user.id, &id, &audit).await? {
        Removal::Done => Ok(Message("the key is deleted")),
        Removal::NotFound => Err(ApiError::not_found("key")),
    }
}
