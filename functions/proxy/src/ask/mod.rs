//! What a client asks, in either dialect.

mod chat;
mod messages;
mod pieces;

pub(crate) use chat::ChatAsk;
pub(crate) use messages::MessagesAsk;
pub(crate) use pieces::Pieces;

use shared::models::usage::Endpoint;

/// Of text that is mostly English or code.
const BYTES_PER_TOKEN: u64 = 4;

/// A request for a completion that is well formed as far as can be told without a backend.
#[derive(Debug)]
pub(crate) enum Ask<'a> {
    Chat(ChatAsk),
    Messages(Box<MessagesAsk<'a>>),
}

impl Ask<'_> {
    /// The model's name as the client wrote it.
    pub(crate) fn model(&self) -> &str {
        match self {
            Self::Chat(ask) => ask.model(),
            Self::Messages(ask) => ask.model(),
        }
    }

    /// The API that was called.
    pub(crate) fn endpoint(&self) -> Endpoint {
        match self {
            Self::Chat(_) => Endpoint::ChatCompletions,
            Self::Messages(_) => Endpoint::Messages,
        }
    }

    /// How many tokens the prompt has, about: counted in passing, for answers that tell nothing.
    pub(crate) fn input_estimate(&self) -> u64 {
        match self {
            Self::Chat(ask) => ask.input_estimate(),
            Self::Messages(ask) => ask.input_estimate(),
        }
    }

    /// Whether the answer is to be streamed.
    pub(crate) fn stream(&self) -> bool {
        match self {
            Self::Chat(ask) => ask.stream(),
            Self::Messages(ask) => ask.stream(),
        }
    }
}
