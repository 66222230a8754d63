//! The three protocols, and the forms of an answer in them.

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// OpenAI's chat completions.
    Chat,
    /// Anthropic's messages.
    Messages,
    /// OpenAI's responses.
    Responses,
}

impl Protocol {
    pub const ALL: [Protocol; 3] = [Protocol::Chat, Protocol::Messages, Protocol::Responses];
}

/// A set of protocols, each streamed or whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forms(u8);

impl Forms {
    pub const CHAT_STREAM: Forms = Forms(1);
    pub const CHAT_WHOLE: Forms = Forms(2);
    pub const MESSAGES_STREAM: Forms = Forms(4);
    pub const MESSAGES_WHOLE: Forms = Forms(8);
    pub const RESPONSES_STREAM: Forms = Forms(16);
    pub const RESPONSES_WHOLE: Forms = Forms(32);
    pub const CHAT: Forms = Self::CHAT_STREAM.and(Self::CHAT_WHOLE);
    pub const STREAMS: Forms = Self::CHAT_STREAM.and(Self::MESSAGES_STREAM).and(Self::RESPONSES_STREAM);
    pub const WHOLE: Forms = Self::CHAT_WHOLE.and(Self::MESSAGES_WHOLE).and(Self::RESPONSES_WHOLE);
    pub const ALL: Forms = Self::STREAMS.and(Self::WHOLE);
    /// Streams whose events have names.
    pub const NAMED_STREAMS: Forms = Self::MESSAGES_STREAM.and(Self::RESPONSES_STREAM);
    /// Streams with an end mark behind the reason of the end.
    pub const MARKED_STREAMS: Forms = Self::CHAT_STREAM.and(Self::MESSAGES_STREAM);
    /// Forms in which the arguments of a call are a text.
    pub const ARGUMENT_TEXTS: Forms = Self::STREAMS.and(Self::CHAT_WHOLE).and(Self::RESPONSES_WHOLE);

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub const fn contains(self, protocol: Protocol, streamed: bool) -> bool {
        let form = match (protocol, streamed) {
            (Protocol::Chat, true) => Self::CHAT_STREAM,
            (Protocol::Chat, false) => Self::CHAT_WHOLE,
            (Protocol::Messages, true) => Self::MESSAGES_STREAM,
            (Protocol::Messages, false) => Self::MESSAGES_WHOLE,
            (Protocol::Responses, true) => Self::RESPONSES_STREAM,
            (Protocol::Responses, false) => Self::RESPONSES_WHOLE,
        };
        self.0 & form.0 != 0
    }
}
