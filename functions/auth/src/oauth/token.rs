//! `POST /oauth/token`: each grant type has its own way to a token.

use axum::extract::State;
use service::http::origin::Origin;

use super::error::OAuthError;
use super::form::Form;
use super::issue::TokenResponse;
use super::switched_on;
use super::workloads::{self, Assertion, JWT_BEARER, TOKEN_EXCHANGE};
use super::{authorization_code, device_code, refresh_token};
use crate::app::App;

const AUTHORIZATION_CODE: &str = "authorization_code";
const REFRESH_TOKEN: &str = "refresh_token";
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// As they are told to programs.
pub(super) const GRANT_TYPES: [&str; 3] = [AUTHORIZATION_CODE, REFRESH_TOKEN, DEVICE_CODE];

/// `POST /oauth/token`
pub(crate) async fn exchange(State(app): State<App>, origin: Origin, form: Form) -> Result<TokenResponse, OAuthError> {
    let grant_type = form.get("grant_type");
    // Rules are the switch of workloads; all other programs are people's.
    match grant_type {
        Some(JWT_BEARER) => return workloads::exchange(&app, &origin, &Assertion::of_bearer(&form)?).await,
        Some(TOKEN_EXCHANGE) => return workloads::exchange(&app, &origin, &Assertion::of_exchange(&form)?).await,
        Some(_) | None => {}
    }
    switched_on(&app).await?;
    match grant_type {
        Some(AUTHORIZATION_CODE) => authorization_code::redeem(&app, &origin, &form).await,
        Some(REFRESH_TOKEN) => refresh_token::redeem(&app, &origin, &form).await,
        Some(DEVICE_CODE) => device_code::redeem(&app, &origin, &form).await,
        Some(_) => Err(OAuthError::UnsupportedGrantType),
        None => Err(OAuthError::InvalidRequest("grant_type is missing")),
    }
}
