//! From an e-mail address and a password to a session.

use axum::extract;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::access::password::Verdict;
use shared::access::session::SigningKeysError;
use shared::http::json::{Body, Data};
use shared::http::origin::Origin;
use shared::http::{ApiError, Code};
use shared::models::user::{Role, Status, User};
use shared::models::{DisplayName, Email, UserId};
use shared::secrets::Secret;

use crate::State;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    email: String,
    password: String,
}

/// A session and whose it is.
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

/// Why a login was refused, as the audit trail tells it.
fn refusal(code: Code) -> ApiError {
    let message = match code {
        Code::PendingApproval => "the account waits for an administrator's approval",
        Code::AccountDisabled => "the account is disabled",
        _ => "the e-mail address or the password is wrong",
    };
    ApiError::new(code, message)
}

pub(crate) async fn login(
    extract::State(state): extract::State<State>,
    origin: Origin,
    Body(credentials): Body<Credentials>,
) -> Result<Data<Opened>, ApiError> {
    let email = Email::parse(&credentials.email).map_err(|_| refusal(Code::InvalidCredentials))?;
    let user = state.store.user_by_email(&email).await?;
    let hash = user.as_ref().and_then(|user| user.password_hash.clone());
    let verdict = state.hasher.verify(Secret::from(credentials.password), hash).await?;
    let Some(user) = user.filter(|_| verdict != Verdict::Wrong) else { return Err(refusal(Code::InvalidCredentials)) };
    match user.status {
        Status::Pending => return Err(refusal(Code::PendingApproval)),
        Status::Disabled => return Err(refusal(Code::AccountDisabled)),
        Status::Active => (),
    }
    let now = state.store.clock().now();
    let token = state.keys.keys().await?.issue(&user, now, now).map_err(|error: SigningKeysError| ApiError::internal(error))?;
    state.store.record(&origin.entry(&user.id, "session.create", &user.id, now)).await?;
    Ok(Data(Opened { token: token.token, expires_at: token.expires_at, user: Person::from(&user) }))
}

impl From<&User> for Person {
    fn from(user: &User) -> Self {
        Self { id: user.id.clone(), email: user.email.clone(), name: user.name.clone(), role: user.role }
    }
}
