//! What `benches/forward.rs` measures. Nothing else calls it.

use std::sync::Arc;

use bytes::Bytes;
use translators::context::ResponseContext;
use translators::directions::request::of_responses;
use translators::directions::{ApiDialect, ClientContext, Direction};
use translators::error::RequestError;
use translators::model::ModelFacts;
use translators::responses::lifecycle::Lifecycle;
use translators::responses::to_chat::ResponsesRequest;
use translators::responses::wire::request::ResponsesBody;
use translators::settings::BackendSettings;
use translators::sse::Decoder;

use crate::response::context::PassthroughContext;
use crate::response::convert::ResponseConverter;
use crate::response::stream::ResponseStream;

pub use crate::request::{ChatRequest, ConversationKey};
pub use crate::upstream::balance::pick;
pub use crate::upstream::candidate::Candidate;

/// A stream on its way to a client that calls the model `m`.
pub struct ClientStream {
    decoder: Decoder,
    stream: ResponseStream,
}

impl ClientStream {
    /// A stream of chat chunks that is passed through.
    pub fn passed() -> Self {
        Self::of(ResponseConverter::Chat(Box::new(PassthroughContext::named("m"))))
    }

    /// A stream of chat chunks, for a client that speaks Responses.
    pub fn to_responses() -> Result<Self, RequestError> {
        let body: ResponsesBody<'_> = serde_json::from_str(r#"{"model":"m","input":"x"}"#)?;
        let lifecycle = Lifecycle::new("k".repeat(20), Arc::new(|| 1));
        let request = ResponsesRequest {
            body: &body,
            lifecycle: &lifecycle,
        };
        let (settings, facts) = (BackendSettings::default(), ModelFacts::default());
        let translated = of_responses(request, ApiDialect::Chat, &settings, &facts)?;
        Ok(Self::translated(translated.context, ApiDialect::Chat))
    }

    /// A stream of a backend that speaks Anthropic Messages, for a client that speaks chat.
    pub fn from_anthropic() -> Self {
        let context = ResponseContext {
            model: "m".to_owned(),
            ..ResponseContext::default()
        };
        Self::translated(ClientContext::Chat(context), ApiDialect::Messages)
    }

    fn translated(client: ClientContext, backend: ApiDialect) -> Self {
        Self::of(ResponseConverter::Translated(Box::new(Direction { client, backend })))
    }

    fn of(converter: ResponseConverter) -> Self {
        Self {
            decoder: Decoder::new(1024 * 1024),
            stream: converter.into_stream(),
        }
    }

    /// Takes a chunk, and gives the number of frames for the client.
    pub fn feed(&mut self, chunk: Bytes) -> usize {
        self.stream.feed(&mut self.decoder, chunk).frames.len()
    }
}
