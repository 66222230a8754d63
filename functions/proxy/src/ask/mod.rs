//! What a client asks, in either dialect.

mod chat;
mod messages;
mod pieces;

pub(crate) use chat::ChatAsk;
pub(crate) use messages::MessagesAsk;
pub(crate) use pieces::Pieces;

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

    /// Whether the answer is to be streamed.
    pub(crate) fn stream(&self) -> bool {
        match self {
            Self::Chat(ask) => ask.stream(),
            Self::Messages(ask) => ask.stream(),
        }
    }
}
