//! What the translation of a response needs of the request. The two halves of a translation share this and nothing else.

use crate::settings::ThinkTags;
use crate::tool_names::ToolNames;

/// Makes 24 fresh characters of `[A-Za-z0-9]`: the random part of an id.
pub type RandomText = Box<dyn FnMut() -> String + Send>;

/// Made with the backend's request, used for its response.
#[derive(Clone, Debug, Default)]
pub struct ResponseContext {
    /// The client's name of the model.
    pub model: String,
    /// Restores the tool names (NA3).
    pub names: ToolNames,
    /// A matched stop sequence is reported only if it is one of these (§4.2).
    pub stop_sequences: Vec<String>,
    pub thinking: ThinkingDisplay,
    pub think_tags: ThinkTags,
    /// Used where the backend reports no usage, and in `message_start` (W5).
    pub estimated_input_tokens: u64,
}

/// The form in which the client gets the backend's reasoning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThinkingDisplay {
    /// Thinking blocks with their text.
    #[default]
    Shown,
    /// Thinking blocks without text (`display: "omitted"`).
    Omitted,
    /// No thinking blocks (`thinking` is disabled).
    Discarded,
}
