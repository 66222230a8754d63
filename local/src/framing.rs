//! Framing that the HTTP library lets pass and promise 29 does not. Behind API Gateway its edge sees to this.

use axum::response::Response;
use http::header::{CONNECTION, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue};
use service::http::{ApiError, Code};

/// The judgement about where a message ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Sound,
    /// It can be taken for two places: no second request is read from bytes whose beginning another reader may see
    /// elsewhere.
    Doubtful,
    /// It is made to be taken for two places.
    Forged,
}

impl Framing {
    /// The framing of a request with these headers.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        if names_length(headers) {
            Self::Forged
        // hyper has taken a `Content-Length` beside it away already: whether there was one cannot be seen any more.
        } else if headers.contains_key(TRANSFER_ENCODING) {
            Self::Doubtful
        } else {
            Self::Sound
        }
    }

    pub(crate) fn refusal(self) -> Option<ApiError> {
        let message = "`Connection` must not name the headers that frame the message";
        (self == Self::Forged).then(|| ApiError::new(Code::InvalidValue, message))
    }

    /// Ends the connection behind `response` where it must not be read from again.
    pub(crate) fn end(self, response: &mut Response) {
        if self != Self::Sound {
            response
                .headers_mut()
                .insert(CONNECTION, HeaderValue::from_static("close"));
        }
    }
}

fn names_length(headers: &HeaderMap) -> bool {
    let names = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    names
        .map(str::trim)
        .any(|name| name.eq_ignore_ascii_case("content-length") || name.eq_ignore_ascii_case("transfer-encoding"))
}
