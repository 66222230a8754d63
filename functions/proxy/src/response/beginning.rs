//! The frames of a streamed response that no backend has a part in: its beginning, signs of life and an error. Pure,
//! but for the id of a new message.

use std::fmt::Display;

use bytes::{Bytes, BytesMut};
use domain::models::RequestId;
use domain::random;
use service::http::{ApiError, Code, Dialect};
use translators::context::ResponseContext;
use translators::directions::{ApiDialect, ClientContext, Direction};
use translators::responses::lifecycle::Lifecycle;

use crate::request::CompletionRequest;

/// Characters of a generated id behind its prefix.
const ID_LENGTH: usize = 24;

/// A streamed response before a backend has a part in it (B8.3).
#[derive(Debug)]
pub(crate) enum EarlyResponse {
    Chat,
    Messages,
    Responses {
        response: Box<Lifecycle>,
        /// Signs of life so far.
        signs: u32,
    },
}

impl EarlyResponse {
    /// The response to `request`, whose client knows the model as `model`.
    pub(crate) fn of(request: &CompletionRequest<'_>, model: &str) -> Result<Self, ApiError> {
        Ok(match request {
            CompletionRequest::Chat(_) | CompletionRequest::Direct(_) => Self::Chat,
            CompletionRequest::Messages(_) => Self::Messages,
            CompletionRequest::Responses(request) => Self::Responses {
                response: Box::new(request.response(model)?),
                signs: 0,
            },
        })
    }

    /// The beginning.
    pub(crate) fn begin(&self, model: &str, input_estimate: u64) -> Bytes {
        let mut out = BytesMut::new();
        match self {
            Self::Chat => return sign_of_life(Dialect::OpenAi),
            Self::Messages => {
                let context = ResponseContext {
                    model: model.to_owned(),
                    estimated_input_tokens: input_estimate,
                    ..ResponseContext::default()
                };
                // Any backend would do: none has a part in the beginning.
                let direction = Direction {
                    client: ClientContext::Messages(context),
                    backend: ApiDialect::Chat,
                };
                direction.stream(Box::new(new_id)).commit(&mut out);
            }
            Self::Responses { response, .. } => response.begin_early(&mut out),
        }
        out.freeze()
    }

    /// The frame that shows that the response goes on.
    pub(crate) fn show_life(&mut self) -> Bytes {
        match self {
            Self::Chat => sign_of_life(Dialect::OpenAi),
            Self::Messages => sign_of_life(Dialect::Anthropic),
            Self::Responses { response, signs } => {
                let mut out = BytesMut::new();
                response.show_life_early(*signs, &mut out);
                *signs += 1;
                out.freeze()
            }
        }
    }

    /// The frame that ends the response with an error.
    pub(crate) fn fail(&self, error: &ApiError, id: &RequestId) -> Bytes {
        match self {
            Self::Chat => error_event(error, Dialect::OpenAi, id),
            Self::Messages => error_event(error, Dialect::Anthropic, id),
            Self::Responses { response, .. } => {
                let mut out = BytesMut::new();
                let status = error.status(Dialect::OpenAi).as_u16();
                let is_overflow = error.code() == Code::ContextLengthExceeded;
                response.fail_early(status, is_overflow, error.message(), &mut out);
                out.freeze()
            }
        }
    }
}

/// The frame that shows in a silence that a stream is alive (promise 48).
pub(crate) fn sign_of_life(dialect: Dialect) -> Bytes {
    match dialect {
        Dialect::Anthropic => Bytes::from_static(b"event: ping\ndata: {\"type\":\"ping\"}\n\n"),
        Dialect::OpenAi | Dialect::Management | Dialect::OAuth => Bytes::from_static(b": keep-alive\n\n"),
    }
}

/// An error event within a stream of `dialect`.
pub(crate) fn error_event(error: &ApiError, dialect: Dialect, id: &RequestId) -> Bytes {
    error_frame(dialect, &error.body(dialect, id))
}

/// The event whose data is the error object `data`.
pub(super) fn error_frame(dialect: Dialect, data: &impl Display) -> Bytes {
    match dialect {
        Dialect::Anthropic => format!("event: error\ndata: {data}\n\n"),
        Dialect::OpenAi | Dialect::Management | Dialect::OAuth => format!("data: {data}\n\n"),
    }
    .into()
}

/// The random part of an id.
pub(super) fn new_id() -> String {
    random::base62(ID_LENGTH)
}
