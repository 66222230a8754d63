//! A session's way to the console: never in a URL (promise 10), so the page gets a code that it redeems once, within a
//! minute.
//!
//! The code is bound to the page that began the login as an OAuth code is to its client (PKCE, RFC 7636): otherwise
//! somebody could send a victim to the console with a code of his own, and have it work in his account
//! (docs/decisions/0032).

use axum::extract::State;
use domain::access::digest::sha256_base64url;
use domain::access::sso_login::{SsoAttempt, SsoGrant};
use domain::models::user::User;
use serde::Deserialize;
use service::http::ApiError;
use service::http::json::{Body, Data};
use service::http::origin::Origin;
use service::store::{StoreError, Taken};

use super::config::enabled;
use super::error::SsoError;
use super::random;
use crate::app::App;
use crate::login_permit::LoginPermit;
use crate::session::{self, SessionResponse};

/// A SHA-256 in base64url.
const CHALLENGE: usize = 43;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OneTimeCode {
    code: String,
    code_verifier: Option<String>,
}

/// `POST /api/v1/auth/sso/token`: the console redeems its code, once.
pub(crate) async fn redeem(
    State(app): State<App>,
    origin: Origin,
    Body(presented): Body<OneTimeCode>,
) -> Result<Data<SessionResponse>, ApiError> {
    let permit = LoginPermit::for_single_sign_on(&app.store, origin.address).await?;
    let user = take(&app, &presented).await.map_err(|error| error.logged(&origin))?;
    permit.succeeded().await?;
    session::open(&app, &origin, &user).await.map(Data)
}

/// The challenge of a page that begins a login: `S256` of a verifier that it keeps.
pub(super) fn challenge(text: String) -> Result<String, ApiError> {
    let is_digest = text.len() == CHALLENGE
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if is_digest {
        Ok(text)
    } else {
        Err(ApiError::invalid(
            "code_challenge",
            "must be the SHA-256 of the verifier, in base64url",
        ))
    }
}

/// A new code for the person who has come back from `attempt`.
pub(super) async fn keep(app: &App, attempt: SsoAttempt, user: User) -> Result<String, StoreError> {
    let code = random::token();
    let grant = SsoGrant {
        user: user.id,
        challenge: attempt.challenge,
        config_version: attempt.config_version,
    };
    app.store.keep_sso_grant(&code, &grant).await?;
    Ok(code)
}

async fn take(app: &App, presented: &OneTimeCode) -> Result<User, SsoError> {
    let config = enabled(app).await?;
    let challenge = presented.code_verifier.as_deref().map(sha256_base64url);
    let grant = match app.store.take_sso_grant(&presented.code, challenge.as_deref()).await? {
        Taken::Done(grant) if grant.config_version == config.version => grant,
        Taken::Done(_) => return Err(SsoError::Reconfigured),
        Taken::Gone => return Err(SsoError::UnknownCode),
        Taken::Refused => return Err(SsoError::OtherPage),
    };
    app.store.user(&grant.user).await?.ok_or(SsoError::UnknownCode)
}
