//! `POST /oauth/revoke`: a program ends its sign-in (RFC 7009).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::access::access_token::token_digest;
use domain::access::oauth::credentials::REFRESH_TOKEN;
use domain::models::SignInId;
use http::StatusCode;
use service::http::origin::Origin;
use service::http::sign_in_object::{SignInObject, TOLD};

use super::error::{NO_STORE, OAuthError};
use super::form::Form;
use super::switched_on;
use crate::app::App;

/// Ends the sign-in of either of its tokens. Always 200: what opens nothing is ended already.
pub(crate) async fn revoke(State(app): State<App>, origin: Origin, form: Form) -> Result<Response, OAuthError> {
    switched_on(&app).await?;
    if let Some(id) = named(&app, form.get("token").unwrap_or_default()).await?
        && let Some(sign_in) = app.store.sign_in(&id).await?
    {
        let audit = origin
            .audit(&sign_in.owner, "sign_in.end", &id, app.store.clock().now())
            .deleting(&TOLD, &SignInObject::from(&sign_in));
        let _ = app.store.end_sign_in(&id, &audit).await?;
    }
    Ok((StatusCode::OK, NO_STORE, "").into_response())
}

/// The sign-in that a token is of.
async fn named(app: &App, token: &str) -> Result<Option<SignInId>, OAuthError> {
    if REFRESH_TOKEN.fits(token) {
        return Ok(app.store.refresh_token(token).await?.map(|kept| kept.sign_in));
    }
    let Some(digest) = token_digest(token) else {
        return Ok(None);
    };
    Ok(app.store.access_token(&digest).await?.map(|token| token.sign_in))
}
