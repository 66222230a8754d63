//! From an e-mail address and a password to a session.

use axum::extract::State;
use domain::access::password::{MAX_LENGTH, PasswordMatch};
use domain::models::Email;
use domain::models::audit::AuditEntry;
use domain::models::user::{PasswordHash, User};
use domain::secret::Secret;
use serde::Deserialize;
use service::http::json::{Body, Data};
use service::http::origin::Origin;
use service::http::{ApiError, Code};

use crate::app::App;
use crate::login_permit::LoginPermit;
use crate::session::{self, SessionResponse};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    email: String,
    password: String,
}

/// `POST /api/v1/auth/login`
pub(crate) async fn login(
    State(app): State<App>,
    origin: Origin,
    Body(credentials): Body<Credentials>,
) -> Result<Data<SessionResponse>, ApiError> {
    let email = Email::parse(&credentials.email).map_err(|_| wrong())?;
    let password = Secret::from(credentials.password);
    let session = match authenticate(&app, &email, &password, &origin).await {
        Ok(user) => session::open(&app, &origin, &user).await,
        Err(error) => Err(error),
    };
    if let Err(refusal) = &session {
        record_refusal(&app, &origin, &email, refusal.code()).await?;
    }
    session.map(Data)
}

/// The account whose password it is, whatever its state.
pub(crate) async fn authenticate(
    app: &App,
    email: &Email,
    password: &Secret,
    origin: &Origin,
) -> Result<User, ApiError> {
    // No stored password is longer, so nothing is told that everybody does not know.
    if password.expose().chars().count() > MAX_LENGTH {
        return Err(wrong());
    }
    let permit = LoginPermit::acquire(&app.store, email, origin.address).await?;
    let user = app.store.user_by_email(email).await?;
    let hash = user.as_ref().and_then(|user| user.password_hash.clone());
    let password_match = match app.hasher.verify(password.clone(), hash).await {
        Ok(password_match) => password_match,
        Err(busy) => {
            permit.release().await?;
            return Err(busy.into());
        }
    };
    let Some(user) = user.filter(|_| password_match != PasswordMatch::Wrong) else {
        return Err(wrong());
    };
    permit.succeeded().await?;
    if password_match == PasswordMatch::RightButOutdated {
        raise_hash(app, &user, password.clone(), origin).await?;
        return app.store.user(&user.id).await?.ok_or_else(wrong);
    }
    Ok(user)
}

/// The one response to unknown addresses and wrong passwords, whatever the state of the account (promise 3).
fn wrong() -> ApiError {
    ApiError::new(Code::InvalidCredentials, "the e-mail address or the password is wrong")
}

/// Stores the same password with today's parameters (promise 2); like any new hash it ends the other sessions.
async fn raise_hash(app: &App, user: &User, password: Secret, origin: &Origin) -> Result<(), ApiError> {
    let hash: PasswordHash = app.hasher.hash(password).await?;
    let audit = origin.audit(&user.id, "password.rehash", &user.id, app.store.clock().now());
    let raise = |user: &User| {
        Ok::<_, ApiError>(User {
            password_hash: Some(hash.clone()),
            ..user.clone()
        })
    };
    // An account that is gone meanwhile needs no better hash.
    let _ = app.store.change_user(&user.id, &audit, raise).await?;
    Ok(())
}

/// Refusals that say something about somebody are recorded; floods and failures of ours are not.
async fn record_refusal(app: &App, origin: &Origin, email: &Email, code: Code) -> Result<(), ApiError> {
    if !matches!(
        code,
        Code::InvalidCredentials | Code::PendingApproval | Code::AccountDisabled
    ) {
        return Ok(());
    }
    let audit = origin.audit("anonymous", "session.create", email, app.store.clock().now());
    Ok(app
        .store
        .record(&AuditEntry {
            result: code.name().to_owned(),
            ..audit
        })
        .await?)
}
