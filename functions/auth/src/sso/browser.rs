//! The browser between the start of a login and its end: it carries one cookie, and no address that it could choose.

use axum::response::{IntoResponse, Response};
use domain::models::sso::SsoConfig;
use http::header::{ACCEPT, COOKIE, HeaderName, LOCATION, REFERRER_POLICY, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};
use service::store::SSO_ATTEMPT_LIFETIME;
use url::form_urlencoded::Serializer;

/// Bound to exactly this host. Browsers take the prefix by https alone.
const SECURE_NAME: &str = "__Host-tidegate-sso";
/// For a gateway on the own machine, which browsers reach by http.
const PLAIN_NAME: &str = "tidegate-sso";

fn cookie_name(config: &SsoConfig) -> &'static str {
    if config.is_secure() { SECURE_NAME } else { PLAIN_NAME }
}

/// The secret of the browser that began the login, if this is one.
pub(super) fn secret<'a>(config: &SsoConfig, headers: &'a HeaderMap) -> Option<&'a str> {
    let cookies = headers
        .get_all(COOKIE)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    let mut pairs = cookies
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='));
    pairs
        .find(|(name, _)| *name == cookie_name(config))
        .map(|(_, value)| value)
}

/// The cookie with the browser's secret, until the attempt ends; an empty secret removes it (promise 9).
pub(super) fn cookie(config: &SsoConfig, secret: &str) -> (HeaderName, String) {
    let seconds = if secret.is_empty() {
        0
    } else {
        SSO_ATTEMPT_LIFETIME.as_secs()
    };
    let secure = if config.is_secure() { "; Secure" } else { "" };
    (
        SET_COOKIE,
        format!(
            "{}={secret}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}",
            cookie_name(config)
        ),
    )
}

/// Sends the browser on. Whoever it comes to learns nothing of the address before.
pub(super) fn redirect(to: &str) -> Response {
    let Ok(to) = HeaderValue::from_str(to) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    (
        StatusCode::FOUND,
        [
            (LOCATION, to),
            (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        ],
        "",
    )
        .into_response()
}

/// The console with one value in the fragment, which browsers send to no server.
pub(super) fn console(url: &str, name: &str, value: &str) -> Response {
    redirect(&format!(
        "{url}#{}",
        Serializer::new(String::new()).append_pair(name, value).finish()
    ))
}

/// True if the caller is a program that wants the response itself.
pub(super) fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    accept.contains("application/json") && !accept.contains("text/html")
}
