//! The frames of a streamed response that no backend has a part in: its beginning, signs of life and an error. Pure, but for
//! the id of a new message.

use bytes::{Bytes, BytesMut};
use domain::models::RequestId;
use domain::random;
use service::http::{ApiError, Dialect};
use translators::context::ResponseContext;
use translators::messages::stream;

/// Characters of a generated id behind its prefix.
const ID_LENGTH: usize = 24;

/// The beginning of a response that no backend has begun (B8.3).
pub(crate) fn of_response(dialect: Dialect, model: &str, input_estimate: u64) -> Bytes {
    match dialect {
        Dialect::Anthropic => {
            let context = ResponseContext {
                model: model.to_owned(),
                estimated_input_tokens: input_estimate,
                ..ResponseContext::default()
            };
            let mut out = BytesMut::new();
            stream::from_chat(context, Box::new(new_id)).commit(&mut out);
            out.freeze()
        }
        Dialect::OpenAi | Dialect::Management => sign_of_life(dialect),
    }
}

/// The frame that shows in a silence that a stream is alive (promise 48).
pub(crate) fn sign_of_life(dialect: Dialect) -> Bytes {
    match dialect {
        Dialect::Anthropic => Bytes::from_static(b"event: ping\ndata: {\"type\":\"ping\"}\n\n"),
        Dialect::OpenAi | Dialect::Management => Bytes::from_static(b": keep-alive\n\n"),
    }
}

/// An error event within a stream of `dialect`.
pub(crate) fn error_event(error: &ApiError, dialect: Dialect, id: &RequestId) -> Bytes {
    let data = error.body(dialect, id);
    match dialect {
        Dialect::Anthropic => format!("event: error\ndata: {data}\n\n"),
        Dialect::OpenAi | Dialect::Management => format!("data: {data}\n\n"),
    }
    .into()
}

/// The random part of an id.
pub(super) fn new_id() -> String {
    random::base62(ID_LENGTH)
}
