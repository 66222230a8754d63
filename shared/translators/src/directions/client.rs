//! The client's side of a direction: its dialect, and what its writers need of the request.

use super::dialect::ApiDialect;
use crate::chat_client::{ChatWriter, WholeWriter};
use crate::context::{RandomText, ResponseContext};
use crate::messages::stream::MessagesWriter;
use crate::messages::whole::WholeMessageWriter;
use crate::responses::context::ResponsesContext;
use crate::responses::stream::ResponsesWriter;
use crate::responses::whole::WholeResponseWriter;
use crate::stream::StreamWriter;

/// The client's dialect with the context of its response: made with the backend's request, used for its response.
#[derive(Debug, Clone)]
pub enum ClientContext {
    Chat(ResponseContext),
    Messages(ResponseContext),
    Responses(Box<ResponsesContext>),
}

impl ClientContext {
    pub fn dialect(&self) -> ApiDialect {
        match self {
            Self::Chat(_) => ApiDialect::Chat,
            Self::Messages(_) => ApiDialect::Messages,
            Self::Responses(_) => ApiDialect::Responses,
        }
    }

    /// The part that clients of all dialects have.
    pub fn response(&self) -> &ResponseContext {
        match self {
            Self::Chat(context) | Self::Messages(context) => context,
            Self::Responses(context) => &context.response,
        }
    }

    pub fn response_mut(&mut self) -> &mut ResponseContext {
        match self {
            Self::Chat(context) | Self::Messages(context) => context,
            Self::Responses(context) => &mut context.response,
        }
    }

    /// The writer of a stream.
    pub(super) fn writer(self, random: RandomText) -> Box<dyn StreamWriter> {
        match self {
            Self::Chat(context) => Box::new(ChatWriter::new(context, random)),
            Self::Messages(context) => Box::new(MessagesWriter::new(context, random)),
            Self::Responses(context) => Box::new(ResponsesWriter::new(&context, random)),
        }
    }

    /// The writer of a whole response: it writes nothing before the end.
    pub(super) fn whole_writer(self, random: RandomText) -> Box<dyn StreamWriter> {
        match self {
            Self::Chat(context) => Box::new(WholeWriter::new(context, random)),
            Self::Messages(context) => Box::new(WholeMessageWriter::new(context, random)),
            Self::Responses(context) => Box::new(WholeResponseWriter::new(&context, random)),
        }
    }
}
