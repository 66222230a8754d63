//! The table of directions: a client's dialect crossed with a backend's. No pair is written by hand.
//!
//! A request goes to the hub, and from there to a backend of another dialect ([`request`]). A response is read by the
//! reader of the backend's dialect, and written by the writer of the client's, joined by the events of the hub.

pub mod client;
mod dialect;
mod hub;
pub mod request;
mod words;

use bytes::{Bytes, BytesMut};

use crate::chat::stream::{ChatReader, StreamReader};
use crate::context::RandomText;
use crate::error::{BackendError, ErrorContext};
use crate::messages::backend::AnthropicReader;
use crate::responses::backend::ResponsesReader;
use crate::sse::Event;
use crate::stream::{Interruption, ResponseFacts, StreamEnd, StreamTranslation};
use crate::translated::TranslatedResponse;
use crate::{messages, responses};
pub use client::ClientContext;
pub use dialect::{ApiDialect, FarDialect};

/// The way of a response from a backend to a client. Where both speak the same, nothing is translated.
#[derive(Debug, Clone)]
pub struct Direction {
    pub client: ClientContext,
    pub backend: ApiDialect,
}

impl Direction {
    /// Translates the stream of a response.
    pub fn stream(self, random: RandomText) -> StreamTranslation {
        let context = self.client.response();
        let (facts, reader) = (ResponseFacts::of(context), reader(self.backend, &context.errors));
        StreamTranslation::new(reader, self.client.writer(random), facts)
    }

    /// Translates a whole response.
    pub fn whole(self, body: Bytes, mut random: RandomText) -> Result<TranslatedResponse, BackendError> {
        match (self.client, self.backend) {
            (ClientContext::Messages(context), ApiDialect::Chat) => {
                messages::from_chat::translate(&body, &context, &mut random)
            }
            (ClientContext::Responses(context), ApiDialect::Chat) => {
                responses::from_chat::translate(&body, &context, random)
            }
            (client, backend) => {
                let context = client.response();
                let (facts, reader) = (ResponseFacts::of(context), reader(backend, &context.errors));
                gathered(StreamTranslation::new(reader, client.whole_writer(random), facts), body)
            }
        }
    }
}

fn reader(backend: ApiDialect, errors: &ErrorContext) -> Box<dyn StreamReader> {
    let errors = errors.clone();
    match backend {
        ApiDialect::Chat => Box::new(ChatReader::new(errors)),
        ApiDialect::Messages => Box::new(AnthropicReader::new(errors)),
        ApiDialect::Responses => Box::new(ResponsesReader::new(errors)),
    }
}

/// The response of a translation that writes all of it at its end.
fn gathered(mut translation: StreamTranslation, body: Bytes) -> Result<TranslatedResponse, BackendError> {
    let mut out = BytesMut::with_capacity(body.len() + body.len() / 2);
    translation.feed(&Event::of_body(body), &mut out);
    let outcome = translation.finish(StreamEnd::Closed, &mut out);
    outcome.ending.map_err(Interruption::into_error)?;
    Ok(TranslatedResponse {
        body: out.into(),
        usage: outcome.usage,
        usage_is_estimated: outcome.usage_is_estimated,
        upstream_id: outcome.upstream_id,
        nameless_calls: outcome.nameless_calls,
        repairs: outcome.repairs,
    })
}
