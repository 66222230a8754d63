//! Reasons why a page of a sign-in leads nowhere, as its person is told.

use axum::response::Response;
use http::StatusCode;
use service::http::language::Language;
use service::http::{ApiError, Dialect};
use service::store::StoreError;

use super::pages;

#[derive(Debug)]
pub(super) enum Refusal {
    /// The form was sent by another page than ours, or by none.
    OtherPage,
    /// The client or its address is not one of ours: nobody is sent there.
    UnknownClient,
    /// No request has this code.
    NoSuchCode,
    /// Codes of other devices are not taken here.
    DeviceFlowOff,
    /// The program and the person are at different places.
    Elsewhere,
    /// The question was answered, or its time is over.
    Over,
    /// Another browser was asked.
    OtherBrowser,
    /// An error that the person may know of.
    Told(ApiError),
}

impl Refusal {
    pub(super) fn page(&self, language: Language) -> Response {
        let text = match self {
            Self::Told(error) => error.told(language).text,
            other => other.words(language).to_owned(),
        };
        pages::problem(language, self.status(), &text)
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::UnknownClient | Self::NoSuchCode | Self::Over => StatusCode::BAD_REQUEST,
            Self::OtherPage | Self::DeviceFlowOff | Self::Elsewhere | Self::OtherBrowser => StatusCode::FORBIDDEN,
            Self::Told(error) => error.status(Dialect::Management),
        }
    }

    fn words(&self, language: Language) -> &'static str {
        let (chinese, english) = match self {
            Self::OtherPage => (
                "表单不是由本页面发送的。请重新打开地址，再试一次。",
                "The form was not sent by this page. Open the address anew, and try again.",
            ),
            Self::UnknownClient => (
                "程序未知，或者它的回调地址不是本机的地址。没有登录。",
                "The program is unknown, or its address is not one of your computer. Nobody was signed in.",
            ),
            Self::NoSuchCode => (
                "没有这个代码，或者它已过期。请核对您的程序显示的代码。",
                "There is no such code, or its time is over. Compare it with the one that your program shows.",
            ),
            Self::DeviceFlowOff => (
                "管理员已关闭通过代码登录。",
                "Signing in by a code is switched off by the administrator.",
            ),
            Self::Elsewhere => (
                "程序和您不在同一个网络中，因此不允许登录。如果您没有启动该程序，说明有人试图以您的身份登录。",
                "The program is not in your network, so it is not let in. If you have not started it, somebody has tried \
                 to sign in as you.",
            ),
            Self::Over => (
                "这个请求已经有了决定，或者已过期。请在程序中重新开始。",
                "This was decided already, or its time is over. Begin again in the program.",
            ),
            Self::OtherBrowser => (
                "登录的是另一个浏览器。请在程序中重新开始。",
                "Another browser has logged in, or this one has begun another sign-in since. Begin again in the program.",
            ),
            Self::Told(_) => ("", ""),
        };
        language.choose(chinese, english)
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self::Told(error)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Told(error.into())
    }
}
