//! The conversion of a backend's response for the client: passed through, or translated. Pure, but for the ids of new
//! messages.

use std::borrow::Cow;

use bytes::Bytes;
use translators::directions::{ApiDialect, Direction};
use translators::error::{BackendError, ErrorContext};
use translators::json::{Raw, Whole};
use translators::lenient_object;
use translators::responses::backend::native::StoredAnswer;
use translators::responses::lifecycle::Lifecycle;
use translators::stream::Repairs;
use translators::translated::TranslatedResponse;

use super::beginning::new_id;
use super::context::PassthroughContext;
use super::document::{Document, DocumentContext};
use super::outcome::{FullResponse, TranslationLog};
use super::passthrough::Passthrough;
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
    Responses(Box<PassthroughContext>, Box<Lifecycle>),
    Translated(Box<Direction>),
    /// Of a prompt, not of a conversation.
    Completion(Box<PassthroughContext>),
    Document(Box<DocumentContext>),
}

impl ResponseConverter {
    /// Converts a response that is not streamed, or a stream that came in place of one (B9.1).
    pub(crate) fn convert(self, body: Bytes) -> Result<FullResponse, BackendError> {
        match self {
            Self::Chat(context) => passed_through(body, ApiDialect::Chat, &context),
            Self::Messages(context) => passed_through(body, ApiDialect::Messages, &context),
            Self::Responses(context, lifecycle) => {
                let passed = passed_through(body, ApiDialect::Responses, &context)?;
                Ok(if lifecycle.is_stored() {
                    renamed(passed, &context, *lifecycle)
                } else {
                    passed
                })
            }
            Self::Translated(direction) => {
                let body = whole(body, direction.backend, &direction.client.response().errors)?;
                direction.whole(body, Box::new(new_id)).map(full)
            }
            Self::Completion(_) if reshape::is_stream(&body) => Err(BackendError::unreadable()),
            Self::Completion(context) => passed_through(body, ApiDialect::Chat, &context),
            Self::Document(context) => Document::new(*context).whole(&body),
        }
    }

    /// Converts a stream, or JSON that comes in place of one (B9.1).
    pub(crate) fn into_stream(self) -> ResponseStream {
        match self {
            Self::Chat(context) | Self::Completion(context) => {
                ResponseStream::Passthrough(Box::new(Passthrough::chat(*context)))
            }
            Self::Messages(context) => ResponseStream::Passthrough(Box::new(Passthrough::messages(*context))),
            Self::Responses(context, lifecycle) => {
                ResponseStream::Passthrough(Box::new(Passthrough::responses(*context, *lifecycle)))
            }
            Self::Translated(direction) => {
                let has_beginning = direction.client.dialect() != ApiDialect::Chat;
                let machine = direction.stream(Box::new(new_id));
                ResponseStream::Translation(Box::new(Translation::new(machine, has_beginning)))
            }
            Self::Document(context) => ResponseStream::Document(Box::new(Document::new(*context))),
        }
    }

    /// What errors of the backend are read by, whatever status they come with.
    pub(crate) fn errors(&self) -> &ErrorContext {
        match self {
            Self::Chat(context) | Self::Messages(context) | Self::Completion(context) | Self::Responses(context, _) => {
                &context.errors
            }
            Self::Translated(direction) => &direction.client.response().errors,
            Self::Document(context) => &context.errors,
        }
    }
}

/// The body that was due, put together if it came as a stream in `dialect` (B9.1).
fn whole(body: Bytes, dialect: ApiDialect, errors: &ErrorContext) -> Result<Bytes, BackendError> {
    if reshape::is_stream(&body) {
        reshape::whole_of(dialect, &body, errors)
    } else {
        Ok(body)
    }
}

fn passed_through(
    body: Bytes,
    dialect: ApiDialect,
    context: &PassthroughContext,
) -> Result<FullResponse, BackendError> {
    let body = whole(body, dialect, &context.errors)?;
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

/// The response under ids of ours, since it is to be stored (N5).
fn renamed(response: FullResponse, context: &PassthroughContext, lifecycle: Lifecycle) -> FullResponse {
    let mut answer = StoredAnswer::new(lifecycle, context.model_name.as_json());
    let object = serde_json::from_slice(&response.body).and_then(|object| answer.object(object));
    match object {
        Ok(object) => FullResponse {
            body: String::from(Box::<str>::from(object)).into(),
            ..response
        },
        Err(_) => response,
    }
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
        object: Raw<'a> = b"object",
        status: Raw<'a> = b"status",
        choices: Raw<'a> = b"choices",
    }
}

/// True if a body is a response at all.
fn is_response(dialect: ApiDialect, body: &[u8]) -> bool {
    let Ok(Whole(response)) = serde_json::from_slice::<Whole<Response<'_>>>(body) else {
        return false;
    };
    let is = |member: Raw<'_>, word: &str| member.is_some_and(|member| member.get() == word);
    match dialect {
        ApiDialect::Messages => is(response.kind, "\"message\""),
        ApiDialect::Chat => response.choices.is_some_and(|choices| choices.get().starts_with('[')),
        // One that failed is an error, whatever its status (B6.1).
        ApiDialect::Responses => {
            let is_object = is(response.object, "\"response\"") || is(response.object, "\"response.compaction\"");
            is_object && !is(response.status, "\"failed\"")
        }
    }
}

fn full(response: TranslatedResponse) -> FullResponse {
    let usage = if response.usage_is_estimated {
        UsageReport::Estimated(response.usage)
    } else {
        UsageReport::Reported(response.usage)
    };
    FullResponse {
        body: response.body.into(),
        usage,
        translation: TranslationLog {
            upstream_id: response.upstream_id,
            nameless_calls: response.nameless_calls,
            repairs: response.repairs,
        },
    }
}
