//! The own account: what its owner sees and may change.

use axum::extract::State;
use domain::models::DisplayName;
use domain::models::user::{Password, Profile, User};
use domain::secret::Secret;
use serde::Deserialize;
use service::http::caller::SessionCaller;
use service::http::extract::{Actor, IfMatch};
use service::http::json::{Body, Data};
use service::http::{ApiError, Code};

use crate::app::App;
use crate::login::{authenticate, record_refusal};
use crate::session::{self, SessionResponse};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProfileChange {
    name: Option<DisplayName>,
    version: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordChange {
    #[serde(alias = "current_password")]
    old_password: String,
    new_password: String,
}

/// `GET /api/v1/user/profile`
pub(crate) async fn show(State(app): State<App>, caller: SessionCaller) -> Result<Data<Profile>, ApiError> {
    let user = app
        .store
        .account(&caller.user.id)
        .await?
        .ok_or_else(ApiError::unauthorized)?;
    Ok(Data(Profile::from(&user)))
}

/// `PUT /api/v1/user/profile`
pub(crate) async fn update(
    State(app): State<App>,
    actor: Actor,
    expected: IfMatch,
    Body(change): Body<ProfileChange>,
) -> Result<Data<Profile>, ApiError> {
    let changed = change.name.iter().map(|_| "name".to_owned()).collect();
    let audit = actor.audit(app.store.clock().now(), "profile.update", &actor.user.id, changed);
    let rename = |user: &User| {
        expected.check(change.version, user.version)?;
        Ok::<_, ApiError>(User {
            name: change.name.clone().unwrap_or_else(|| user.name.clone()),
            ..user.clone()
        })
    };
    match app.store.change_user(&actor.user.id, &audit, rename).await? {
        Ok(user) => Ok(Data(Profile::from(&user))),
        Err(_) => Err(ApiError::unauthorized()),
    }
}

/// `PUT /api/v1/user/password`. Ends all sessions; the response begins a new one.
pub(crate) async fn change_password(
    State(app): State<App>,
    actor: Actor,
    Body(change): Body<PasswordChange>,
) -> Result<Data<SessionResponse>, ApiError> {
    let old = Secret::from(change.old_password);
    let verified = match authenticate(&app, Some(&actor.user.email), &old, &actor.origin).await {
        Ok(verified) => verified,
        Err(refusal) => {
            let audit = actor.audit(app.store.clock().now(), "password.change", &actor.user.id, vec![]);
            record_refusal(&app, audit, refusal.code()).await?;
            return Err(name_field(refusal));
        }
    };
    let user = verified.user();
    if user.id != actor.user.id {
        // The address went to another account a moment ago.
        return Err(ApiError::unauthorized());
    }
    let policy = app.store.settings().await?.password_policy(app.password_policy);
    policy
        .check(&change.new_password, &user.email, &user.name)
        .map_err(|weak| ApiError::from(weak).field("new_password"))?;
    let hash = app.hasher.hash(Secret::from(change.new_password)).await?;
    let audit = actor.audit(
        app.store.clock().now(),
        "password.change",
        &user.id,
        vec!["password".to_owned()],
    );
    let set = |user: &User| User {
        password: Password::Hash(hash.clone()),
        ..user.clone()
    };
    match app.store.change_verified(&verified, &audit, set).await? {
        Ok(user) => session::open(&app, &actor.origin, &user).await.map(Data),
        Err(_) => Err(ApiError::unauthorized()),
    }
}

fn name_field(error: ApiError) -> ApiError {
    if error.code() == Code::InvalidCredentials {
        error.field("old_password")
    } else {
        error
    }
}
