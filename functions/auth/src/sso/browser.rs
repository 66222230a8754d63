//! The browser between the start of a login and its end: it carries a cookie, and no address that it could choose.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use domain::models::sso::SsoConfig;
use http::header::{ACCEPT, COOKIE, HeaderName, LOCATION, REFERRER_POLICY, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};
use service::store::{QUESTION_LIFETIME, SSO_ATTEMPT_LIFETIME};
use url::form_urlencoded::Serializer;

/// A cookie with the secret of one browser.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cookie {
    /// Bound to exactly this host. Browsers take the prefix by https alone.
    secure_name: &'static str,
    /// For a gateway on the own machine, which browsers reach by http.
    plain_name: &'static str,
    same_site: &'static str,
    lifetime: Duration,
}

/// From the beginning of a login to its end: the provider's page leads back here.
const LOGIN: Cookie = Cookie {
    secure_name: "__Host-tidegate-sso",
    plain_name: "tidegate-sso",
    same_site: "Lax",
    lifetime: SSO_ATTEMPT_LIFETIME,
};

/// From the question whether a program is let in to the answer, which no other page can give.
pub(crate) const QUESTION: Cookie = Cookie {
    secure_name: "__Host-tidegate-ask",
    plain_name: "tidegate-ask",
    same_site: "Strict",
    lifetime: QUESTION_LIFETIME,
};

impl Cookie {
    fn name(self, config: &SsoConfig) -> &'static str {
        if config.is_secure() {
            self.secure_name
        } else {
            self.plain_name
        }
    }

    /// The cookie with this secret, until its time is over; an empty secret removes it (promise 9).
    pub(crate) fn set(self, config: &SsoConfig, secret: &str) -> (HeaderName, String) {
        let seconds = if secret.is_empty() { 0 } else { self.lifetime.as_secs() };
        let secure = if config.is_secure() { "; Secure" } else { "" };
        let (name, same_site) = (self.name(config), self.same_site);
        (
            SET_COOKIE,
            format!("{name}={secret}; Path=/; Max-Age={seconds}; HttpOnly; SameSite={same_site}{secure}"),
        )
    }

    /// The secret that the browser shows, if it has one.
    pub(crate) fn secret<'a>(self, config: &SsoConfig, headers: &'a HeaderMap) -> Option<&'a str> {
        find(headers, self.name(config))
    }
}

/// The secret of the browser that began the login, if this is one.
pub(super) fn secret<'a>(config: &SsoConfig, headers: &'a HeaderMap) -> Option<&'a str> {
    LOGIN.secret(config, headers)
}

/// The cookie of a login, or with an empty secret its end.
pub(crate) fn cookie(config: &SsoConfig, secret: &str) -> (HeaderName, String) {
    LOGIN.set(config, secret)
}

fn find<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let cookies = headers
        .get_all(COOKIE)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    let mut pairs = cookies
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='));
    pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value)
}

/// Sends the browser on. Whoever it comes to learns nothing of the address before.
pub(crate) fn redirect(to: &str) -> Response {
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
