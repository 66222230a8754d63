//! The page that asks whether a program is let in.

use std::net::IpAddr;

use axum::response::Response;
use http::StatusCode;
use jiff::Timestamp;
use maud::html;
use service::http::language::Language;

use super::layout::{page, styled};

/// The facts that a person needs to decide.
pub(crate) struct Question<'a> {
    pub(crate) program: &'a str,
    pub(crate) name: &'a str,
    pub(crate) email: &'a str,
    /// The addresses of the program and of the person.
    pub(crate) asked_from: Option<IpAddr>,
    pub(crate) here: Option<IpAddr>,
    pub(crate) asked_at: Timestamp,
    pub(crate) notice: Option<&'a str>,
    /// The secret of the form.
    pub(crate) secret: &'a str,
}

pub(crate) fn question(language: Language, address: &str, asked: &Question<'_>) -> Response {
    let title = format!("{} {}", language.choose("允许登录：", "Let in:"), asked.program);
    let is_elsewhere = asked.asked_from != asked.here;
    let place = is_elsewhere.then_some("differs");
    let unknown = language.choose("未知", "unknown");
    let shown = |address: Option<IpAddr>| address.map_or_else(|| unknown.to_owned(), |address| address.to_string());
    let body = html! {
        @if let Some(notice) = asked.notice { p class="notice" { (notice) } }
        dl {
            dt { (language.choose("程序", "Program")) } dd { (asked.program) }
            dt { (language.choose("登录身份", "As")) } dd { (asked.name) " · " (asked.email) }
            dt { (language.choose("请求来自", "Asked from")) } dd class=[place] { (shown(asked.asked_from)) }
            dt { (language.choose("您的地址", "Your address")) } dd class=[place] { (shown(asked.here)) }
            dt { (language.choose("请求时间", "Asked at")) }
            dd { (asked.asked_at.strftime("%Y-%m-%d %H:%M:%S UTC")) }
        }
        @if is_elsewhere {
            p class="differs" { (language.choose(
                "请求来自另一个地址。如果不是您自己在那里启动了该程序，请拒绝。",
                "The program is at another address than you. Refuse it unless you have started it there yourself.",
            )) }
        }
        p { (language.choose(
            "它将以您的身份使用模型，计入您的配额，直到登录结束。",
            "It will use models as you, within your quota, until the sign-in ends.",
        )) }
        form method="post" action={ (address) "/oauth/decision" } {
            input type="hidden" name="question" value=(asked.secret);
            button name="decision" value="approve" { (language.choose("允许", "Let it in")) }
            button name="decision" value="deny" class="second" { (language.choose("拒绝", "Refuse")) }
        }
    };
    page(language, StatusCode::OK, &title, styled(address), body)
}
