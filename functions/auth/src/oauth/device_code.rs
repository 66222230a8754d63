//! The device flow as a program sees it (RFC 8628): it gets a code, and asks with it until its person has decided.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::access::digest::sha256_hex;
use domain::access::oauth::credentials::DEVICE_CODE;
use domain::access::oauth::device::{INTERVAL_SECONDS, Question};
use domain::access::sign_in::How;
use domain::access::sign_in_request::{Decision, DeviceRequest, UserCode};
use domain::models::settings::DeviceFlow;
use serde::Serialize;
use service::http::origin::Origin;
use service::store::{DEVICE_LIFETIME, StoreError, Ticket};

use super::error::{NO_STORE, OAuthError};
use super::form::Form;
use super::issue::TokenResponse;
use super::person::{Admitted, begin};
use super::{client_of, switched_on};
use crate::app::App;
use crate::login_permit::count_device_code;
use crate::sso;

/// Attempts to find a user code that no other request has.
const TRIES: u32 = 4;

/// The codes of a device: one for its person to type, one for the program to ask with (RFC 8628 §3.2).
#[derive(Serialize)]
pub(crate) struct DeviceAuthorization {
    device_code: String,
    user_code: UserCode,
    verification_uri: String,
    verification_uri_complete: String,
    /// Seconds.
    expires_in: u64,
    interval: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    login_notice: Option<String>,
}

impl IntoResponse for DeviceAuthorization {
    fn into_response(self) -> Response {
        (NO_STORE, axum::Json(self)).into_response()
    }
}

/// `POST /oauth/device_authorization`
pub(crate) async fn authorize_device(
    State(app): State<App>,
    origin: Origin,
    form: Form,
) -> Result<DeviceAuthorization, OAuthError> {
    let settings = switched_on(&app).await?;
    let client = client_of(&form)?;
    if settings.device_flow == DeviceFlow::Off {
        return Err(OAuthError::UnauthorizedClient);
    }
    let config = sso::enabled(&app).await.map_err(|error| error.logged(&origin))?;
    count_device_code(&app.store, origin.address).await?;
    let code = DEVICE_CODE.generate();
    let request = DeviceRequest {
        client,
        address: origin.address,
        asked_at: app.store.clock().now(),
        user_code: UserCode::generate(),
        interval: INTERVAL_SECONDS,
        polled_at: None,
        decided: None,
    };
    let user_code = keep(&app, &sha256_hex(&code), request).await?;
    let verification_uri = format!("{}/device", config.login_address());
    Ok(DeviceAuthorization {
        verification_uri_complete: format!("{verification_uri}?user_code={user_code}"),
        device_code: code,
        user_code,
        verification_uri,
        expires_in: DEVICE_LIFETIME.as_secs(),
        interval: INTERVAL_SECONDS,
        login_notice: settings.login_notice.clone(),
    })
}

/// Keeps the request; returns the user code that it has got.
async fn keep(app: &App, digest: &str, mut request: DeviceRequest) -> Result<UserCode, OAuthError> {
    for _ in 0..TRIES {
        if app.store.begin_device(digest, &request).await? {
            return Ok(request.user_code);
        }
        request.user_code = UserCode::generate();
    }
    Err(StoreError::Conflict.into())
}

/// Gives tokens for a device code, once its person has approved.
pub(super) async fn redeem(app: &App, origin: &Origin, form: &Form) -> Result<TokenResponse, OAuthError> {
    let code = form.required("device_code", "device_code is missing")?;
    let client = client_of(form)?;
    if !DEVICE_CODE.fits(code) {
        return Err(OAuthError::InvalidGrant);
    }
    let digest = sha256_hex(code);
    let request = app.store.device(&digest).await?.ok_or(OAuthError::ExpiredToken)?;
    if request.client != client {
        return Err(OAuthError::InvalidGrant);
    }
    let approval = match &request.decided {
        Some(Decision::Approved(approval)) => approval,
        Some(Decision::Denied) => return Err(OAuthError::AccessDenied),
        None => return Err(undecided(app, &digest, &request).await?),
    };
    let admitted = Admitted {
        client,
        how: How::Device,
        address: request.address,
        approval,
        ticket: Ticket::Device(&digest),
    };
    begin(app, origin, &admitted).await?.ok_or(OAuthError::ExpiredToken)
}

/// The answer for a program whose person has not decided.
async fn undecided(app: &App, digest: &str, request: &DeviceRequest) -> Result<OAuthError, OAuthError> {
    let now = app.store.clock().now();
    let question = Question::judge(request.interval, request.polled_at, now);
    app.store.note_poll(digest, question.interval, now).await?;
    Ok(if question.is_hasty {
        OAuthError::SlowDown
    } else {
        OAuthError::AuthorizationPending
    })
}
