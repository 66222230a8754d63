//! Forms of our own pages, and where a browser goes after them.

use axum::response::{IntoResponse, Response};
use domain::access::public_addresses::origin_of;
use domain::models::sso::SsoConfig;
use http::header::{LOCATION, ORIGIN};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use service::http::language::Language;

use super::pages;
use super::refusal::Refusal;

const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// Refuses a form that no page of ours has sent: browsers say whose page it was.
pub(super) fn check(config: &SsoConfig, headers: &HeaderMap) -> Result<(), Refusal> {
    let mut origins = headers.get_all(ORIGIN).iter();
    let (sent, own) = (origins.next(), origin_of(config.login_address()));
    let is_own = sent.is_some_and(|sent| own.is_some_and(|own| sent.as_bytes() == own.as_bytes()));
    if is_own && origins.next().is_none() {
        Ok(())
    } else {
        Err(Refusal::OtherPage)
    }
}

/// Sends the browser on that has sent a form. A page takes it there: browsers hold the policy of forms also against
/// what a redirect leads to, and the provider may redirect anywhere (docs/decisions/0092). Who is no browser gets the
/// redirect.
pub(super) fn lead_on(language: Language, headers: &HeaderMap, to: &str) -> Response {
    match HeaderValue::from_str(to) {
        Ok(_) if headers.contains_key(FETCH_MODE) => pages::leading(language, to),
        Ok(to) => (StatusCode::SEE_OTHER, [(LOCATION, to)], "").into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent_by(origin: Option<&'static str>) -> bool {
        let config: SsoConfig = serde_json::from_value(serde_json::json!({
            "enabled": true, "provider": "generic-oidc", "issuer_url": "https://idp.example", "client_id": "c",
            "redirect_url": "https://gateway.example/prod/api/v1/auth/sso/callback", "email_claim": "email",
            "scopes": [], "auto_provision": true, "default_policy": "default",
            "updated_at": "2026-11-28T00:00:00Z", "version": 1,
        }))
        .unwrap();
        let origin = origin.map(|origin| (ORIGIN, HeaderValue::from_static(origin)));
        check(&config, &HeaderMap::from_iter(origin)).is_ok()
    }

    #[test]
    fn v7_only_our_own_page_sends_our_forms() {
        assert!(sent_by(Some("https://gateway.example")));
        for other in [
            None,
            Some("null"),
            Some("http://gateway.example"),
            Some("https://gateway.example:8443"),
            Some("https://evil.example"),
            Some("https://gateway.example.evil.example"),
        ] {
            assert!(!sent_by(other), "{other:?}");
        }
    }
}
