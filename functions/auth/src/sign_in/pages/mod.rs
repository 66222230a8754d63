//! Pages of sign-ins: HTML of ours without script, in the reader's language, for one look.

mod code;
mod question;

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use http::{HeaderName, HeaderValue, StatusCode};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use service::http::language::Language;

pub(super) use code::code_form;
pub(super) use question::{Question, question};

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
fn page(language: Language, status: StatusCode, title: &str, head: Markup, body: Markup) -> Response {
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
fn styled(address: &str) -> Markup {
    html! { link rel="stylesheet" href={ (address) "/oauth/style.css" }; }
}

/// Why there is nothing to do here.
pub(super) fn problem(language: Language, status: StatusCode, text: &str) -> Response {
    let title = language.choose("未能登录", "Nobody was signed in");
    page(
        language,
        status,
        title,
        PreEscaped(String::new()),
        html! { p { (text) } },
    )
}

/// What there was to do is done.
pub(super) fn done(language: Language, title: &str, text: &str) -> Response {
    page(
        language,
        StatusCode::OK,
        title,
        PreEscaped(String::new()),
        html! { p { (text) } },
    )
}

/// Takes the browser on at once, or by a link.
pub(super) fn leading(language: Language, to: &str) -> Response {
    let title = language.choose("正在继续", "One moment");
    let head = html! { meta http-equiv="refresh" content={ "0; url=" (to) }; };
    let body = html! { p { a href=(to) { (language.choose("继续", "Go on")) } } };
    page(language, StatusCode::OK, title, head, body)
}
