//! What the way back must know of the request: the two halves of the translation share this and nothing else.

use crate::settings::ThinkTags;
use crate::tool_names::ToolNames;

/// Makes 24 fresh characters of `[A-Za-z0-9]`: the random part of an id.
pub type RandomText = Box<dyn FnMut() -> String + Send>;

/// Made with the chat request, used for its answer.
#[derive(Clone, Debug, Default)]
pub struct AnswerContext {
    /// The name by which the client asked for the model.
    pub model: String,
    /// Restores the tool names (NA3).
    pub names: ToolNames,
    /// A matched stop is only named when it is one of these (§4.2).
    pub stop_sequences: Vec<String>,
    pub thinking: Thinking,
    pub think_tags: ThinkTags,
    /// Used where the backend reports no usage, and in `message_start` (W5).
    pub estimated_input_tokens: u64,
}

/// What becomes of the backend's reasoning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Thinking {
    /// Thinking blocks with their text.
    #[default]
    Shown,
    /// Thinking blocks without text (`display: "omitted"`).
    Omitted,
    /// No thinking blocks (`thinking` is disabled).
    Discarded,
}
