//! From an e-mail address and a password to a session.

use axum::extract::State;
use domain::access::password::MAX_LENGTH;
use domain::models::Email;
use domain::models::audit::AuditEntry;
use domain::models::user::{Password, PasswordHash, Status, User};
use domain::secret::Secret;
use serde::Deserialize;
use service::hasher::Verified;
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
    let email = Email::parse(&credentials.email).ok();
    let session = open_session(&app, email.as_ref(), Secret::from(credentials.password), &origin).await;
    if let (Some(email), Err(refusal)) = (&email, &session) {
        let audit = origin.audit("anonymous", "session.create", email, app.store.clock().now());
        record_refusal(&app, audit, refusal.code()).await?;
    }
    session.map(Data)
}

async fn open_session(
    app: &App,
    email: Option<&Email>,
    password: Secret,
    origin: &Origin,
) -> Result<SessionResponse, ApiError> {
    let verified = authenticate(app, email, &password, origin).await?;
    let user = current(app, verified, password, origin).await?;
    session::open(app, origin, &user).await
}

/// The account whose password it is, whatever its state. Whatever is wrong with an attempt, it counts (promise 4): so
/// does the right password of an account that may not be used, since its refusal is recorded too.
pub(crate) async fn authenticate(
    app: &App,
    email: Option<&Email>,
    password: &Secret,
    origin: &Origin,
) -> Result<Verified, ApiError> {
    let permit = LoginPermit::acquire(&app.store, email, origin.address).await?;
    // No address that is none has an account, and no stored password is longer: nothing is told that everybody does not
    // know.
    let Some(email) = email.filter(|_| password.expose().chars().count() <= MAX_LENGTH) else {
        return Err(wrong());
    };
    let user = app.store.user_with_password(email).await?;
    let verified = match app.hasher.authenticate(password.clone(), user).await {
        Ok(verified) => verified.ok_or_else(wrong)?,
        Err(busy) => {
            permit.release().await?;
            return Err(busy.into());
        }
    };
    if verified.user().status == Status::Active {
        permit.succeeded().await?;
    }
    Ok(verified)
}

/// The one response to unknown addresses and wrong passwords, whatever the state of the account (promise 3).
fn wrong() -> ApiError {
    ApiError::new(Code::InvalidCredentials, "the e-mail address or the password is wrong")
}

/// The account with today's parameters of its hash (promise 2); like any new hash, a raised one ends the other
/// sessions. Refused if the password was changed meanwhile.
async fn current(app: &App, verified: Verified, password: Secret, origin: &Origin) -> Result<User, ApiError> {
    if !verified.is_outdated() {
        return Ok(verified.user().clone());
    }
    let hash: PasswordHash = app.hasher.hash(password).await?;
    let id = &verified.user().id;
    let audit = origin.audit(id, "password.rehash", id, app.store.clock().now());
    let raise = |user: &User| User {
        password: Password::Hash(hash.clone()),
        ..user.clone()
    };
    app.store
        .change_verified(&verified, &audit, raise)
        .await?
        .map_err(|_| wrong())
}

/// Records refusals that say something about somebody; floods and failures of ours are not. All of them have passed the
/// limits of attempts.
pub(crate) async fn record_refusal(app: &App, audit: AuditEntry, code: Code) -> Result<(), ApiError> {
    if !matches!(
        code,
        Code::InvalidCredentials | Code::PendingApproval | Code::AccountDisabled
    ) {
        return Ok(());
    }
    let refused = AuditEntry {
        result: code.name().to_owned(),
        // Nothing is changed with the session; what was tried is told also of one that has ended.
        authority: None,
        ..audit
    };
    Ok(app.store.record(&refused).await?)
}
