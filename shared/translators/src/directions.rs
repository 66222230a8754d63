//! The table of directions: a client's dialect crossed with a backend's. A direction is a reader of the one and a
//! writer of the other, joined by the events of the hub; no pair is written by hand.

use bytes::{Bytes, BytesMut};

use crate::chat::stream::{ChatReader, StreamReader};
use crate::chat_client::{ChatWriter, WholeWriter};
use crate::context::{RandomText, ResponseContext};
use crate::error::BackendError;
use crate::messages::backend::AnthropicReader;
use crate::messages::stream::MessagesWriter;
use crate::sse::Event;
use crate::stream::{Interruption, ResponseFacts, StreamEnd, StreamTranslation, StreamWriter};
use crate::translated::TranslatedResponse;

/// A dialect that both clients and backends speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiDialect {
    /// `OpenAI` Chat Completions.
    Chat,
    /// Anthropic Messages.
    Messages,
}

/// Who speaks what. Where both speak the same, nothing is translated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Direction {
    pub client: ApiDialect,
    pub backend: ApiDialect,
}

impl Direction {
    /// Translates the stream of a response.
    pub fn stream(self, context: ResponseContext, random: RandomText) -> StreamTranslation {
        let facts = ResponseFacts::of(&context);
        let reader = self.backend.reader(&context);
        let writer: Box<dyn StreamWriter> = match self.client {
            ApiDialect::Chat => Box::new(ChatWriter::new(context, random)),
            ApiDialect::Messages => Box::new(MessagesWriter::new(context, random)),
        };
        StreamTranslation::new(reader, writer, facts)
    }

    /// Translates a whole response.
    pub fn whole(
        self,
        body: Bytes,
        context: ResponseContext,
        mut random: RandomText,
    ) -> Result<TranslatedResponse, BackendError> {
        match self.client {
            ApiDialect::Messages => crate::messages::from_chat::translate(&body, &context, &mut random),
            ApiDialect::Chat => {
                let facts = ResponseFacts::of(&context);
                let reader = self.backend.reader(&context);
                let writer = Box::new(WholeWriter::new(context, random));
                gathered(StreamTranslation::new(reader, writer, facts), body)
            }
        }
    }
}

impl ApiDialect {
    fn reader(self, context: &ResponseContext) -> Box<dyn StreamReader> {
        match self {
            Self::Chat => Box::new(ChatReader::new(context.errors.clone())),
            Self::Messages => Box::new(AnthropicReader::new(context.errors.clone())),
        }
    }
}

/// The response of a translation that writes all of it at its end.
fn gathered(mut translation: StreamTranslation, body: Bytes) -> Result<TranslatedResponse, BackendError> {
    let mut out = BytesMut::with_capacity(body.len() + body.len() / 2);
    translation.feed(&Event::of_body(body), &mut out);
    let outcome = translation.finish(StreamEnd::Closed, &mut out);
    outcome.ending.map_err(Interruption::into_error)?;
    Ok(TranslatedResponse {
        body: out.to_vec(),
        usage: outcome.usage,
        usage_is_estimated: outcome.usage_is_estimated,
        upstream_id: outcome.upstream_id,
        nameless_calls: outcome.nameless_calls,
        repairs: outcome.repairs,
    })
}
