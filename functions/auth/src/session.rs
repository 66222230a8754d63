//! Opening, renewing and ending sessions. Whatever proves who somebody is, a session is only opened here.

use axum::extract;
use domain::models::user::{Role, Status, User};
use domain::models::{DisplayName, Email, UserId};
use jiff::Timestamp;
use serde::Serialize;
use service::http::caller::SessionCaller;
use service::http::extract::Actor;
use service::http::json::{Data, Message};
use service::http::origin::Origin;
use service::http::{ApiError, Code};

use crate::State;

/// A session's token and whose it is.
#[derive(Serialize)]
pub(crate) struct Opened {
    token: String,
    expires_at: Timestamp,
    user: Person,
}

#[derive(Serialize)]
struct Person {
    id: UserId,
    email: Email,
    name: DisplayName,
    role: Role,
}

/// A new session for somebody who has just proved who it is, if the account may be used.
pub(crate) async fn open(state: &State, origin: &Origin, user: &User) -> Result<Opened, ApiError> {
    check_usable(user)?;
    let now = state.store.clock().now();
    let opened = issue(state, user, now, now).await?;
    state
        .store
        .record(&origin.entry(&user.id, "session.create", &user.id, now))
        .await?;
    Ok(opened)
}

/// Whether the account may be used; only told to whoever has proved to be its owner.
pub(crate) fn check_usable(user: &User) -> Result<(), ApiError> {
    match user.status {
        Status::Pending => Err(ApiError::new(
            Code::PendingApproval,
            "the account waits for an administrator's approval",
        )),
        Status::Disabled => Err(ApiError::new(Code::AccountDisabled, "the account is disabled")),
        Status::Active => Ok(()),
    }
}

async fn issue(state: &State, user: &User, login_at: Timestamp, now: Timestamp) -> Result<Opened, ApiError> {
    let token = state
        .keys
        .keys()
        .await?
        .issue(user, login_at, now)
        .map_err(ApiError::internal)?;
    let user = Person {
        id: user.id.clone(),
        email: user.email.clone(),
        name: user.name.clone(),
        role: user.role,
    };
    Ok(Opened {
        token: token.token,
        expires_at: token.expires_at,
        user,
    })
}

/// `POST /api/v1/auth/refresh`
pub(crate) async fn refresh(
    extract::State(state): extract::State<State>,
    SessionCaller { user, session }: SessionCaller,
) -> Result<Data<Opened>, ApiError> {
    let now = state.store.clock().now();
    issue(&state, &user, session.login_at, now).await.map(Data)
}

/// `POST /api/v1/auth/logout`
pub(crate) async fn log_out(extract::State(state): extract::State<State>, actor: Actor) -> Result<Message, ApiError> {
    let entry = actor.entry(state.store.clock().now(), "session.end", &actor.user.id, vec![]);
    let end = |user: &User| {
        Ok::<_, ApiError>(User {
            session: user.session + 1,
            ..user.clone()
        })
    };
    state.store.change_user(&actor.user.id, &entry, end).await?;
    Ok(Message("all sessions of the account are ended"))
}
