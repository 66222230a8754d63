//! `/device`: where a person types the code that a program shows (RFC 8628 §3.3).

use std::net::IpAddr;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::access::oauth::network::is_same;
use domain::access::sign_in_request::{DeviceRequest, Reply, SignInRequest, UserCode};
use domain::access::sso_login::Purpose;
use domain::models::settings::{DeviceFlow, Settings};
use http::HeaderMap;
use serde::Deserialize;
use service::http::ApiError;
use service::http::extract::Query;
use service::http::language::RefusalLanguage;
use service::http::origin::Origin;

use super::refusal::Refusal;
use super::{own_page, pages};
use crate::app::App;
use crate::login_permit::CodePermit;
use crate::oauth::{Form, switched_on};
use crate::sso::{self, Departure};

#[derive(Deserialize)]
pub(crate) struct DeviceQuery {
    user_code: Option<String>,
}

/// `GET /device`
pub(crate) async fn form(
    State(app): State<App>,
    origin: Origin,
    RefusalLanguage(language): RefusalLanguage,
    Query(query): Query<DeviceQuery>,
) -> Result<Response, ApiError> {
    let settings = switched_on(&app).await?;
    let config = match sso::enabled(&app).await {
        Ok(config) => config,
        Err(error) => return Ok(Refusal::from(error.logged(&origin)).page(language)),
    };
    // What is no code is not shown: the page says nothing that somebody else has written.
    let code = query.user_code.as_deref().and_then(UserCode::read);
    let code = code.map(|code| code.to_string());
    let notice = settings.login_notice.as_deref();
    Ok(pages::code_form(
        language,
        config.login_address(),
        code.as_deref(),
        notice,
    ))
}

/// `POST /device`: to the provider, for the request that the code names.
pub(crate) async fn submit(
    State(app): State<App>,
    origin: Origin,
    RefusalLanguage(language): RefusalLanguage,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, ApiError> {
    let settings = switched_on(&app).await?;
    let departure = depart(&app, &settings, &origin, &headers, &form).await;
    Ok(match departure {
        Ok(Departure { url, cookie }) => ([cookie], own_page::lead_on(language, &headers, &url)).into_response(),
        Err(refusal) => refusal.page(language),
    })
}

async fn depart(
    app: &App,
    settings: &Settings,
    origin: &Origin,
    headers: &HeaderMap,
    form: &Form,
) -> Result<Departure, Refusal> {
    let config = sso::enabled(app).await.map_err(|error| error.logged(origin))?;
    own_page::check(&config, headers)?;
    let permit = CodePermit::acquire(&app.store, origin.address).await?;
    let code = form
        .get("user_code")
        .and_then(UserCode::read)
        .ok_or(Refusal::NoSuchCode)?;
    let found = app.store.device_of(&code).await?;
    let (digest, device) = found
        .filter(|(_, device)| device.decided.is_none())
        .ok_or(Refusal::NoSuchCode)?;
    permit.succeeded().await?;
    let request = asked(device, digest);
    check_place(settings, &request, origin.address)?;
    let purpose = Purpose::SignIn(Box::new(request));
    let departure = sso::depart(app, None, purpose).await;
    Ok(departure.map_err(|error| error.logged(origin))?)
}

fn asked(device: DeviceRequest, code: String) -> SignInRequest {
    SignInRequest {
        client: device.client,
        address: device.address,
        asked_at: device.asked_at,
        reply: Reply::Device {
            code,
            user_code: device.user_code,
        },
    }
}

/// Refuses a device's request that its person, at `here`, may not approve.
pub(super) fn check_place(settings: &Settings, request: &SignInRequest, here: Option<IpAddr>) -> Result<(), Refusal> {
    if !matches!(request.reply, Reply::Device { .. }) {
        return Ok(());
    }
    let is_near = || {
        let both = request.address.zip(here);
        both.is_some_and(|(asked, here)| is_same(asked, here, &settings.company_networks))
    };
    match settings.device_flow {
        DeviceFlow::On => Ok(()),
        DeviceFlow::SameNetwork if is_near() => Ok(()),
        DeviceFlow::SameNetwork => Err(Refusal::Elsewhere),
        DeviceFlow::Off => Err(Refusal::DeviceFlowOff),
    }
}
