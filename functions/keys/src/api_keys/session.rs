//! The key of a session, with which a page of the console calls `/v1`: it ends with the session.

use axum::extract::State;
use domain::access::api_key::MintedKey;
use domain::models::api_key::ApiKey;
use domain::models::{DisplayName, KeyId};
use jiff::Timestamp;
use serde::Serialize;
use service::http::ApiError;
use service::http::caller::SessionCaller;
use service::http::extract::Actor;
use service::http::json::Created;
use service::store::Change;

use crate::app::App;

#[derive(Serialize)]
pub(crate) struct SessionKey {
    id: KeyId,
    key: String,
    /// The end of the session's token.
    expires_at: Timestamp,
}

/// `POST /api/v1/user/keys/session`. The session's key before it ends.
pub(crate) async fn create(
    State(app): State<App>,
    SessionCaller { user, session }: SessionCaller,
    actor: Actor,
) -> Result<Created<SessionKey>, ApiError> {
    let now = app.store.clock().now();
    let minted = MintedKey::generate();
    let key = ApiKey {
        id: KeyId::generate(),
        owner: user.id.clone(),
        name: DisplayName::parse("console").map_err(ApiError::internal)?,
        key_prefix: minted.shown,
        models: Vec::new(),
        limits: Vec::new(),
        slots: Vec::new(),
        expires_at: Some(session.expires_at),
        enabled: true,
        created_at: now,
        last_used_at: None,
        session: Some(session.number),
        epoch: None,
        version: 1,
    };
    let audit = actor.audit(now, "session_key.create", &key.id, vec![]);
    let times = (session.login_at, session.expires_at);
    match app
        .store
        .replace_session_key(&key, minted.digest, times, &audit)
        .await?
    {
        Change::Done => Ok(Created(SessionKey {
            id: key.id,
            key: minted.secret,
            expires_at: session.expires_at,
        })),
        Change::Conflict => Err(ApiError::unauthorized()),
    }
}
