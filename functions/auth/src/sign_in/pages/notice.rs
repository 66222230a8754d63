//! Pages on which there is nothing to decide.

use axum::response::Response;
use http::StatusCode;
use maud::{PreEscaped, html};
use service::http::language::Language;

use super::layout::page;

/// A page that says why there is nothing to do here.
pub(crate) fn problem(language: Language, status: StatusCode, text: &str) -> Response {
    let title = language.choose("未能登录", "Nobody was signed in");
    page(
        language,
        status,
        title,
        PreEscaped(String::new()),
        html! { p { (text) } },
    )
}

/// A page that says that all is done.
pub(crate) fn done(language: Language, title: &str, text: &str) -> Response {
    page(
        language,
        StatusCode::OK,
        title,
        PreEscaped(String::new()),
        html! { p { (text) } },
    )
}

/// Takes the browser on at once, or by a link.
pub(crate) fn leading(language: Language, to: &str) -> Response {
    let title = language.choose("正在继续", "One moment");
    let head = html! { meta http-equiv="refresh" content={ "0; url=" (to) }; };
    let body = html! { p { a href=(to) { (language.choose("继续", "Go on")) } } };
    page(language, StatusCode::OK, title, head, body)
}
