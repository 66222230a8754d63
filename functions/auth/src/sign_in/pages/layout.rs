//! The frame of all pages: HTML of ours without script, for one look.

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use http::{HeaderName, HeaderValue, StatusCode};
use maud::{DOCTYPE, Markup, html};
use service::http::language::Language;

/// Nothing but the style, and forms that are sent to us.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
/// `same-origin`: without it Chromium sends `Origin: null` with a form of ours.
const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
];
const STYLE: &str = include_str!("style.css");

/// `GET /oauth/style.css`
pub(crate) async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)
}

/// A page with this title. Its links are relative to nothing: pages lie at different depths, and behind a stage.
pub(super) fn page(language: Language, status: StatusCode, title: &str, head: Markup, body: Markup) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang=(language.choose("zh-CN", "en")) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "tidegate · " (title) }
                (head)
            }
            body { main { h1 { (title) } (body) } }
        }
    };
    (status, HEADERS, page.into_string()).into_response()
}

/// The link to the style, for pages below `address`.
pub(super) fn styled(address: &str) -> Markup {
    html! { link rel="stylesheet" href={ (address) "/oauth/style.css" }; }
}
