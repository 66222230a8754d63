//! The conversion of a backend's response for the client: passed through, or translated. Pure, but for the ids of new
//! messages.

use std::borrow::Cow;

use bytes::Bytes;
use service::http::Dialect;
use translators::context::ResponseContext;
use translators::error::{BackendError, ErrorContext};
use translators::json::{Raw, Whole};
use translators::lenient_object;
use translators::messages::from_chat;
use translators::messages::stream;
use translators::stream::Repairs;

use super::beginning::new_id;
use super::outcome::{FullResponse, TranslationLog};
use super::passthrough::{Passthrough, PassthroughContext};
use super::reshape;
use super::scan::{ChunkInfo, ChunkKind};
use super::stream::ResponseStream;
use super::translation::Translation;
use super::usage::{StreamUsage, UsageReport};

/// One crossing of a backend's dialect with a client's.
#[derive(Debug)]
pub(crate) enum ResponseConverter {
    Chat(Box<PassthroughContext>),
    Messages(Box<PassthroughContext>),
    ChatToMessages(Box<ResponseContext>),
}

impl ResponseConverter {
    /// Converts a response that is not streamed, or a stream that came in place of one (B9.1).
    pub(crate) fn convert(self, body: Bytes) -> Result<FullResponse, BackendError> {
        let body = if reshape::is_stream(&body) {
            reshape::whole_of(self.backend_dialect(), &body, self.errors())?
        } else {
            body
        };
        match self {
            Self::Chat(context) => passed_through(body, Dialect::OpenAi, &context),
            Self::Messages(context) => passed_through(body, Dialect::Anthropic, &context),
            Self::ChatToMessages(context) => chat_to_message(&body, &context),
        }
    }

    /// Converts a stream, or JSON that comes in place of one (B9.1).
    pub(crate) fn into_stream(self) -> ResponseStream {
        match self {
            Self::Chat(context) => ResponseStream::Passthrough(Box::new(Passthrough::chat(*context))),
            Self::Messages(context) => ResponseStream::Passthrough(Box::new(Passthrough::messages(*context))),
            Self::ChatToMessages(context) => {
                let machine = stream::from_chat(*context, Box::new(new_id));
                ResponseStream::Translation(Box::new(Translation::new(machine)))
            }
        }
    }

    fn backend_dialect(&self) -> Dialect {
        match self {
            Self::Messages(_) => Dialect::Anthropic,
            Self::Chat(_) | Self::ChatToMessages(_) => Dialect::OpenAi,
        }
    }

    fn errors(&self) -> &ErrorContext {
        match self {
            Self::Chat(context) | Self::Messages(context) => &context.errors,
            Self::ChatToMessages(context) => &context.errors,
        }
    }
}

fn passed_through(body: Bytes, dialect: Dialect, context: &PassthroughContext) -> Result<FullResponse, BackendError> {
    let (body, invalid_utf8) = readable(body);
    let info = ChunkInfo::of(&body);
    match info.kind {
        ChunkKind::Error => return Err(BackendError::from_error_object(&body, &context.errors)),
        ChunkKind::Content if is_response(dialect, &body) => {}
        // Such as an error of a kind that nobody knows, or of another API, with status 200 (E4).
        ChunkKind::Content => return Err(BackendError::from_error_object(&body, &context.errors)),
        ChunkKind::End | ChunkKind::Nothing | ChunkKind::Malformed => return Err(BackendError::unreadable()),
    }
    let mut usage = StreamUsage::new(context.context_window);
    usage.add_body(dialect, info, &body);
    let repairs = Repairs {
        invalid_utf8,
        ..Repairs::default()
    };
    Ok(FullResponse {
        body: context.model_name.apply(body, &info),
        usage: usage.report(),
        translation: TranslationLog {
            repairs,
            ..TranslationLog::default()
        },
    })
}

/// The body as it is, or with U+FFFD for bytes that are no UTF-8 (B5.3), and without a byte order mark.
fn readable(body: Bytes) -> (Bytes, bool) {
    let body = if body.starts_with(b"\xEF\xBB\xBF") {
        body.slice(3..)
    } else {
        body
    };
    match String::from_utf8_lossy(&body) {
        Cow::Borrowed(_) => (body, false),
        Cow::Owned(text) => (text.into(), true),
    }
}

lenient_object! {
    Response {
        kind: Raw<'a> = b"type",
        choices: Raw<'a> = b"choices",
    }
}

/// True if a body is a response at all.
fn is_response(dialect: Dialect, body: &[u8]) -> bool {
    let Ok(Whole(response)) = serde_json::from_slice::<Whole<Response<'_>>>(body) else {
        return false;
    };
    match dialect {
        Dialect::Anthropic => response.kind.is_some_and(|kind| kind.get() == "\"message\""),
        Dialect::OpenAi | Dialect::Management => response.choices.is_some_and(|choices| choices.get().starts_with('[')),
    }
}

fn chat_to_message(body: &[u8], context: &ResponseContext) -> Result<FullResponse, BackendError> {
    let message = from_chat::translate(body, context, &mut new_id)?;
    let usage = if message.usage_is_estimated {
        UsageReport::Estimated(message.usage)
    } else {
        UsageReport::Reported(message.usage)
    };
    Ok(FullResponse {
        body: message.body.into(),
        usage,
        translation: TranslationLog {
            upstream_id: message.upstream_id,
            nameless_calls: message.nameless_calls,
            repairs: message.repairs,
        },
    })
}
