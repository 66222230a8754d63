//! What a client asks, in either dialect.

mod chat;
mod json_check;
mod max_tokens;
mod messages;
pub(crate) mod model_params;
mod stream_options;

pub use chat::ChatAsk;
pub(crate) use messages::MessagesAsk;

use domain::models::usage::Endpoint;

/// Of text that is mostly English or code.
const BYTES_PER_TOKEN: u64 = 4;

/// A request for a completion that is well formed as far as can be told without a backend.
#[derive(Debug)]
pub(crate) enum Ask<'a> {
    Chat(Box<ChatAsk<'a>>),
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

    /// The same as exactly as it can be told beforehand, for limits: a picture is not as long as its bytes.
    pub(crate) fn prompt_tokens(&self) -> u64 {
        match self {
            Self::Chat(ask) => ask.input_estimate(),
            Self::Messages(ask) => ask.count_tokens().unwrap_or_else(|_| ask.input_estimate()),
        }
    }

    /// How long the client allows each answer to get.
    pub(crate) fn max_output_tokens(&self) -> Option<u64> {
        match self {
            Self::Chat(ask) => ask.max_output_tokens(),
            Self::Messages(ask) => ask.max_output_tokens(),
        }
    }

    /// How many answers are asked for.
    pub(crate) fn choices(&self) -> u64 {
        match self {
            Self::Chat(ask) => ask.choices(),
            Self::Messages(_) => 1,
        }
    }

    /// Limits each answer of a request that limits it not itself. A Messages request always does.
    pub(crate) fn limit_output(&mut self, tokens: u64) {
        if let Self::Chat(ask) = self {
            ask.limit_output(tokens);
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
