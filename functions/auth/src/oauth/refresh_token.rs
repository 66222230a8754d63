//! Refresh tokens: the next access token of a sign-in, which lengthens nothing (RFC 6749 §6, RFC 9700 §4.14).

use domain::access::oauth::client::{Refreshing, refreshing};
use domain::access::oauth::credentials::REFRESH_TOKEN;
use domain::access::oauth::refresh::{Presented, judge};
use domain::access::oauth::replay;
use domain::access::sign_in::SignIn;
use domain::access::sign_in_request::RefreshToken;
use jiff::{SignedDuration, Timestamp};
use service::http::origin::Origin;
use service::http::{ApiError, Code};
use service::store::{Redemption, Rotation, StoreError};

use super::client_of;
use super::error::OAuthError;
use super::form::Form;
use super::issue::{TokenResponse, next_token};
use super::person::end_reused;
use crate::app::App;

/// Attempts while others refresh the same sign-in.
const TRIES: u32 = 5;

/// The end of an attempt: an answer, or somebody else was faster.
enum Attempt {
    Answered(TokenResponse),
    Overtaken,
}

/// Gives the next access token, while the sign-in lasts and its owner may be signed in.
pub(super) async fn redeem(app: &App, origin: &Origin, form: &Form) -> Result<TokenResponse, OAuthError> {
    let token = form.required("refresh_token", "refresh_token is missing")?;
    let client = client_of(form)?;
    if !REFRESH_TOKEN.fits(token) {
        return Err(OAuthError::InvalidGrant);
    }
    for _ in 0..TRIES {
        let kept = app.store.refresh_token(token).await?.ok_or(OAuthError::InvalidGrant)?;
        let sign_in = app
            .store
            .sign_in(&kept.sign_in)
            .await?
            .ok_or(OAuthError::InvalidGrant)?;
        if sign_in.client != client {
            return Err(OAuthError::InvalidGrant);
        }
        if let Attempt::Answered(response) = present(app, origin, token, kept, &sign_in).await? {
            tracing::info!(request.id = %origin.request_id, sign_in = %sign_in.id, "a sign-in was refreshed");
            return Ok(response);
        }
    }
    Err(StoreError::Conflict.into())
}

async fn present(
    app: &App,
    origin: &Origin,
    token: &str,
    kept: RefreshToken,
    sign_in: &SignIn,
) -> Result<Attempt, OAuthError> {
    let now = app.store.clock().now();
    match judge(kept.used_at, now) {
        Presented::First => refresh(app, token, sign_in, now).await,
        Presented::Again => {
            let answer = kept.answer.and_then(|sealed| replay::open(token, &sealed));
            let answer = answer.and_then(|json| serde_json::from_str(&json).ok());
            answer.map(Attempt::Answered).ok_or(OAuthError::InvalidGrant)
        }
        Presented::Reused => {
            end_reused(app, origin, &sign_in.id).await?;
            Err(OAuthError::InvalidGrant)
        }
    }
}

async fn refresh(app: &App, token: &str, sign_in: &SignIn, now: Timestamp) -> Result<Attempt, OAuthError> {
    let seconds = i64::from(app.store.settings().await?.access_token_seconds);
    let expires_at = sign_in.ends_at.min(now + SignedDuration::from_secs(seconds));
    if expires_at <= now {
        return Err(OAuthError::InvalidGrant);
    }
    let (after, response) = next_token(sign_in, expires_at, now).map_err(|_| too_many(sign_in, now))?;
    let rotates = refreshing(sign_in.client) == Refreshing::Rotating;
    let next = rotates.then(|| REFRESH_TOKEN.generate());
    let shown = next.clone().unwrap_or_else(|| token.to_owned());
    let response = response.with_refresh(Some(shown));
    let sealed = serde_json::to_string(&response)
        .ok()
        .and_then(|json| replay::seal(token, &json));
    let answer = sealed.unwrap_or_default();
    let rotation = next.as_deref().map(|next| Rotation {
        used: token,
        next,
        answer: &answer,
        now,
    });
    match app.store.refresh_sign_in(&after, rotation).await? {
        Redemption::Done => Ok(Attempt::Answered(response)),
        Redemption::OwnerGone => Err(OAuthError::InvalidGrant),
        Redemption::Overtaken => Ok(Attempt::Overtaken),
    }
}

/// As many tokens live as may: the client comes back when one has ended, and its sign-in goes on.
fn too_many(sign_in: &SignIn, now: Timestamp) -> OAuthError {
    let first_end = sign_in.tokens.iter().map(|token| token.expires_at).min().unwrap_or(now);
    let seconds = u64::try_from(first_end.duration_since(now).as_secs()).unwrap_or_default();
    ApiError::new(Code::TooManyAttempts, "too many attempts; try again later")
        .retry_after(seconds + 1)
        .into()
}
