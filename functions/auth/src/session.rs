//! Opening, renewing and ending sessions. Whatever proves who somebody is, a session is only opened here.

use axum::extract::State;
use domain::models::user::{Role, Status, User};
use domain::models::{DisplayName, Email, UserId};
use jiff::Timestamp;
use serde::Serialize;
use service::http::caller::SessionCaller;
use service::http::extract::Actor;
use service::http::json::{Data, Message};
use service::http::origin::Origin;
use service::http::{ApiError, Code};

use crate::app::App;

/// A session's token and its user.
#[derive(Serialize)]
pub(crate) struct SessionResponse {
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

/// A new session for a user who has just been authenticated, if the account may be used.
pub(crate) async fn open(app: &App, origin: &Origin, user: &User) -> Result<SessionResponse, ApiError> {
    check_usable(user)?;
    let now = app.store.clock().now();
    let session = issue(app, user, now, now).await?;
    app.store
        .record(&origin.audit(&user.id, "session.create", &user.id, now).by(user))
        .await?;
    Ok(session)
}

/// Refuses an account that may not be used. Only its authenticated owner is told why.
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

async fn issue(app: &App, user: &User, login_at: Timestamp, now: Timestamp) -> Result<SessionResponse, ApiError> {
    let token = app
        .signing_keys
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
    Ok(SessionResponse {
        token: token.token,
        expires_at: token.expires_at,
        user,
    })
}

/// `POST /api/v1/auth/refresh`
pub(crate) async fn refresh(
    State(app): State<App>,
    SessionCaller { user, session }: SessionCaller,
) -> Result<Data<SessionResponse>, ApiError> {
    let now = app.store.clock().now();
    issue(&app, &user, session.login_at, now).await.map(Data)
}

/// `POST /api/v1/auth/logout`
pub(crate) async fn log_out(State(app): State<App>, actor: Actor) -> Result<Message, ApiError> {
    let audit = actor.audit(app.store.clock().now(), "session.end", &actor.user.id, vec![]);
    let end = |user: &User| {
        Ok::<_, ApiError>(User {
            session: user.session + 1,
            ..user.clone()
        })
    };
    // An account that is gone meanwhile has no session.
    let _ = app.store.change_user(&actor.user.id, &audit, end).await?;
    Ok(Message("all sessions of the account are ended"))
}
