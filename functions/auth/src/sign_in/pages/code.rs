//! The page for a code that a program shows.

use axum::response::Response;
use http::StatusCode;
use maud::html;
use service::http::language::Language;

use super::layout::{page, styled};

/// The form for a code, filled in where `code` is known, never sent by itself.
pub(crate) fn code_form(language: Language, address: &str, code: Option<&str>, notice: Option<&str>) -> Response {
    let title = language.choose("登录程序", "Sign a program in");
    let body = html! {
        @if let Some(notice) = notice { p class="notice" { (notice) } }
        p { (language.choose(
            "请输入您的程序显示的代码。只有您自己刚刚启动的程序才需要它：如果别人请您输入代码，请关闭此页面。",
            "Type the code that your program shows. Do so for a program that you have just started yourself: if somebody \
             else has asked you to, close this page.",
        )) }
        form method="post" action={ (address) "/device" } {
            label for="user_code" { (language.choose("代码", "Code")) }
            input id="user_code" name="user_code" value=[code] required autocomplete="off" autocapitalize="characters"
                spellcheck="false" maxlength="32" placeholder="XXXX-XXXX";
            button { (language.choose("继续", "Continue")) }
        }
    };
    page(language, StatusCode::OK, title, styled(address), body)
}
