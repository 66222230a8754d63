//! `GET /oauth/authorize`: a program has opened the browser of its person (RFC 6749 §4.1.1, RFC 8252).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::access::oauth::client;
use domain::access::public_addresses::origin_of;
use domain::access::sign_in::ClientId;
use domain::access::sign_in_request::{Challenge, RedirectUri, Reply, SignInRequest};
use domain::access::sso_login::Purpose;
use domain::models::sso::SsoConfig;
use http::header::HOST;
use http::{HeaderMap, Uri};
use serde::Deserialize;
use service::http::ApiError;
use service::http::extract::Query;
use service::http::language::RefusalLanguage;
use service::http::origin::Origin;
use url::Url;

use super::refusal::Refusal;
use crate::app::App;
use crate::oauth::switched_on;
use crate::sso::{self, Departure, browser};

/// Bytes of a state that is kept for its program.
const MAX_STATE: usize = 2048;

/// `scope` and `resource` are accepted, and have no effect.
#[derive(Deserialize)]
pub(crate) struct AuthorizeQuery {
    client_id: Option<String>,
    redirect_uri: Option<String>,
    response_type: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
    state: Option<String>,
    /// A parameter of ours: the address by which the program knows the gateway, where people log in at another one.
    via: Option<String>,
}

/// A refusal that is told to the program, by its name (RFC 6749 §4.1.2.1).
struct ToClient(&'static str);

/// `GET /oauth/authorize`
pub(crate) async fn authorize(
    State(app): State<App>,
    origin: Origin,
    RefusalLanguage(language): RefusalLanguage,
    uri: Uri,
    headers: HeaderMap,
    Query(query): Query<AuthorizeQuery>,
) -> Result<Response, ApiError> {
    switched_on(&app).await?;
    let Some((client, redirect_uri)) = program(&query) else {
        return Ok(Refusal::UnknownClient.page(language));
    };
    let config = sso::configured(&app).await?;
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let via = query.via.as_deref().and_then(|via| app.addresses.listed(via));
    let login = config.as_ref().map(SsoConfig::login_address);
    let Some(issuer) = via.or_else(|| app.addresses.of_host(host)).or(login) else {
        return Err(ApiError::not_found("route"));
    };
    if let Some(login) = login.filter(|login| via.is_none() && origin_of(login) != origin_of(issuer)) {
        return Ok(browser::redirect(&at_login(login, issuer, &uri)));
    }
    let begun = begin(&app, &origin, &query, client, &redirect_uri, issuer).await;
    Ok(match begun {
        Ok(Departure { url, cookie }) => ([cookie], browser::redirect(&url)).into_response(),
        Err(ToClient(error)) => browser::redirect(&back(
            &redirect_uri,
            &[("error", error)],
            query.state.as_deref(),
            issuer,
        )),
    })
}

/// The program, if it may be sent a code, and where on the person's computer it waits.
fn program(query: &AuthorizeQuery) -> Option<(ClientId, RedirectUri)> {
    let client = client::named(query.client_id.as_deref()).filter(|client| client::has_code_flow(*client))?;
    Some((client, RedirectUri::parse(query.redirect_uri.as_deref()?)?))
}

/// The same request at the address at which people log in: the provider sends them back there alone.
fn at_login(login: &str, issuer: &str, uri: &Uri) -> String {
    let via = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("via", issuer)
        .finish();
    format!("{login}/oauth/authorize?{}&{via}", uri.query().unwrap_or_default())
}

async fn begin(
    app: &App,
    origin: &Origin,
    query: &AuthorizeQuery,
    client: ClientId,
    redirect_uri: &RedirectUri,
    issuer: &str,
) -> Result<Departure, ToClient> {
    if query.response_type.as_deref() != Some("code") {
        return Err(ToClient("unsupported_response_type"));
    }
    let is_s256 = query.code_challenge_method.as_deref() == Some("S256");
    let challenge = query
        .code_challenge
        .as_deref()
        .and_then(Challenge::parse)
        .filter(|_| is_s256);
    let challenge = challenge.ok_or(ToClient("invalid_request"))?;
    if query.state.as_ref().is_some_and(|state| state.len() > MAX_STATE) {
        return Err(ToClient("invalid_request"));
    }
    let request = SignInRequest {
        client,
        address: origin.address,
        asked_at: app.store.clock().now(),
        reply: Reply::Code {
            redirect_uri: redirect_uri.clone(),
            challenge,
            state: query.state.clone(),
            issuer: issuer.to_owned(),
        },
    };
    let departure = sso::depart(app, None, Purpose::SignIn(Box::new(request))).await;
    departure.map_err(|error| {
        // The reason is for the log.
        let _ = error.logged(origin);
        ToClient("temporarily_unavailable")
    })
}

/// The program's address with an answer, its own state and who answers (RFC 9207).
pub(super) fn back(redirect_uri: &RedirectUri, answer: &[(&str, &str)], state: Option<&str>, issuer: &str) -> String {
    let state = state.map(|state| ("state", state));
    let all = answer.iter().copied().chain(state).chain([("iss", issuer)]);
    // A loopback address is one.
    Url::parse_with_params(redirect_uri.as_str(), all).map_or_else(|_| redirect_uri.as_str().to_owned(), Into::into)
}
