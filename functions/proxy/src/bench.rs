//! What `benches/forward.rs` measures. Nothing else calls it.

use std::sync::Arc;

use bytes::Bytes;
use translators::context::ResponseContext;
use translators::directions::request::of_responses;
use translators::directions::{ClientContext, Direction};
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

pub use translators::directions::ApiDialect;

pub use crate::request::{ChatRequest, ConversationKey};
pub use crate::upstream::balance::pick;
pub use crate::upstream::candidate::Candidate;

/// A stream on its way to a client that calls the model `m`.
pub struct ClientStream {
    decoder: Decoder,
    stream: ResponseStream,
}

impl ClientStream {
    /// A stream of a backend that speaks `backend`, for a client that speaks `client` and stores nothing.
    pub fn between(client: ApiDialect, backend: ApiDialect) -> Result<Self, RequestError> {
        let passed = || Box::new(PassthroughContext::named("m"));
        Ok(Self::of(match (client, backend) {
            (ApiDialect::Chat, ApiDialect::Chat) => ResponseConverter::Chat(passed()),
            (ApiDialect::Messages, ApiDialect::Messages) => ResponseConverter::Messages(passed()),
            (ApiDialect::Responses, ApiDialect::Responses) => {
                ResponseConverter::Responses(passed(), Box::new(lifecycle()))
            }
            _ => ResponseConverter::Translated(Box::new(Direction {
                client: context(client, backend)?,
                backend,
            })),
        }))
    }

    /// A Responses stream whose response is to be stored, for a client of the same dialect.
    pub fn stored() -> Self {
        let (context, lifecycle) = (PassthroughContext::named("m"), lifecycle().stored(true));
        Self::of(ResponseConverter::Responses(Box::new(context), Box::new(lifecycle)))
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

fn lifecycle() -> Lifecycle {
    Lifecycle::new("k".repeat(20), Arc::new(|| 1))
}

fn context(client: ApiDialect, backend: ApiDialect) -> Result<ClientContext, RequestError> {
    let response = || ResponseContext {
        model: "m".to_owned(),
        ..ResponseContext::default()
    };
    match client {
        ApiDialect::Chat => Ok(ClientContext::Chat(response())),
        ApiDialect::Messages => Ok(ClientContext::Messages(response())),
        ApiDialect::Responses => {
            let body: ResponsesBody<'_> = serde_json::from_str(r#"{"model":"m","input":"x"}"#)?;
            let request = ResponsesRequest {
                body: &body,
                lifecycle: &lifecycle(),
            };
            let (settings, facts) = (BackendSettings::default(), ModelFacts::default());
            Ok(of_responses(request, backend, &settings, &facts)?.context)
        }
    }
}
