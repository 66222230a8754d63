//! The conversion of a backend's response for the client: passed through, or translated. Pure, but for the ids of new
//! messages.

use bytes::Bytes;
use domain::random;
use translators::context::ResponseContext;
use translators::error::BackendError;
use translators::messages::from_chat;
use translators::messages::stream;
use translators::usage::{Usage, update_from_event};

use super::model_name::ModelName;
use super::outcome::{FullResponse, TranslationLog};
use super::passthrough::Passthrough;
use super::scan::{ChunkInfo, ChunkKind};
use super::stream::ResponseStream;
use super::translation::Translation;
use super::usage::UsageReport;

/// Characters of a generated id behind its prefix.
const ID_LENGTH: usize = 24;

/// One crossing of a backend's dialect with a client's.
#[derive(Debug)]
pub(crate) enum ResponseConverter {
    Chat {
        /// True if the gateway has requested the usage at the end of a stream and the client has not.
        hides_usage: bool,
        model_name: ModelName,
    },
    Messages {
        model_name: ModelName,
    },
    ChatToMessages(Box<ResponseContext>),
}

impl ResponseConverter {
    /// Converts a response that is not streamed.
    pub(crate) fn convert(self, body: Bytes) -> Result<FullResponse, BackendError> {
        let info = ChunkInfo::of(&body);
        match info.kind {
            ChunkKind::Malformed => return Err(BackendError::unreadable()),
            ChunkKind::Error => return Err(BackendError::from_error_object(&body)),
            ChunkKind::Content | ChunkKind::End => {}
        }
        match self {
            Self::Chat { model_name, .. } => Ok(passed_through(body, &info, info.usage, &model_name)),
            Self::Messages { model_name } => {
                let mut usage = None;
                update_from_event(&mut usage, &body);
                Ok(passed_through(body, &info, usage, &model_name))
            }
            Self::ChatToMessages(context) => chat_to_message(&body, &context),
        }
    }

    /// Converts a stream.
    pub(crate) fn into_stream(self) -> ResponseStream {
        match self {
            Self::Chat {
                hides_usage,
                model_name,
            } => ResponseStream::Passthrough(Box::new(Passthrough::chat(model_name, hides_usage))),
            Self::Messages { model_name } => ResponseStream::Passthrough(Box::new(Passthrough::messages(model_name))),
            Self::ChatToMessages(context) => {
                let machine = stream::from_chat(*context, Box::new(new_id));
                ResponseStream::Translation(Box::new(Translation::new(machine)))
            }
        }
    }
}

fn passed_through(body: Bytes, info: &ChunkInfo, usage: Option<Usage>, model_name: &ModelName) -> FullResponse {
    let unreported = UsageReport::Incomplete {
        reported: None,
        text_bytes: info.text_bytes,
    };
    FullResponse {
        body: model_name.apply(body, info),
        usage: usage.map_or(unreported, UsageReport::Reported),
        translation: TranslationLog::default(),
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
        },
    })
}

fn new_id() -> String {
    random::base62(ID_LENGTH)
}
