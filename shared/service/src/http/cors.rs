//! Which web pages may call from a browser: none, but those of the settings (promise 31).
//!
//! An origin is matched whole and given back as it is, never as `*`; credentials are never allowed, since tokens are
//! no cookies.

use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use crate::store::Store;

/// The web page that a request comes from.
#[derive(Debug)]
pub(super) struct Page {
    origin: HeaderValue,
    allowed: bool,
}

impl Page {
    /// The page, where the request names one; requests of programs name none.
    pub(super) async fn of(headers: &HeaderMap, store: Option<&Store>) -> Option<Self> {
        let origin = headers.get(ORIGIN)?.clone();
        // When the settings cannot be read, nobody is allowed.
        let settings = match store {
            Some(store) => store.settings().await.ok(),
            None => None,
        };
        let allowed =
            settings.is_some_and(|settings| settings.cors_origins.iter().any(|known| known.as_str() == origin));
        Some(Self { origin, allowed })
    }

    /// The response to a browser's preflight request.
    pub(super) fn preflight(&self, method: &Method, headers: &HeaderMap) -> Option<Response> {
        let is_preflight = method == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        (is_preflight && self.allowed).then(|| {
            let methods = (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, DELETE");
            let names =
                "authorization, content-type, accept-language, if-match, x-api-key, x-request-id, anthropic-version, anthropic-beta";
            (StatusCode::NO_CONTENT, [methods, (ACCESS_CONTROL_ALLOW_HEADERS, names), (ACCESS_CONTROL_MAX_AGE, "600")]).into_response()
        })
    }

    /// Lets the page read the response, if it may.
    pub(super) fn allow(self, headers: &mut HeaderMap) {
        headers.append(VARY, HeaderValue::from_static("origin"));
        if self.allowed {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, self.origin);
            headers.insert(
                ACCESS_CONTROL_EXPOSE_HEADERS,
                HeaderValue::from_static("x-request-id, retry-after"),
            );
        }
    }
}
