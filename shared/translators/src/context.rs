//! What the translation of a response needs of the request. The two halves of a translation share this and nothing
//! else.

use crate::error::ErrorContext;
use crate::sealed::ClientSealer;
use crate::settings::ThinkTags;
use crate::tool_ids::UsedIds;
use crate::tool_names::ToolNames;

/// Makes 24 fresh characters of `[A-Za-z0-9]`: the random part of an id.
pub type RandomText = Box<dyn FnMut() -> String + Send>;

/// Made with the backend's request, used for its response.
#[derive(Clone, Debug, Default)]
pub struct ResponseContext {
    /// The client's name of the model.
    pub model: String,
    /// When the request came, in seconds since 1970.
    pub created: i64,
    /// The client gets the usage of a chat stream in a chunk of its own.
    pub includes_usage: bool,
    /// Restores the tool names (NA3).
    pub names: ToolNames,
    /// The client's tools that take text instead of arguments.
    pub custom_tools: Vec<String>,
    /// A matched stop sequence is reported only if it is one of these (§4.2).
    pub stop_sequences: Vec<String>,
    pub thinking: ThinkingDisplay,
    /// The client has not asked the model to think: thinking with no text beside it is the text (B10.6).
    pub thinking_is_unasked: bool,
    /// Encrypted reasoning is kept for the next turn (B10.5).
    pub keeps_reasoning_details: bool,
    /// The ids of calls that the conversation has already (B2.5).
    pub used_ids: UsedIds,
    /// The most tokens that a count of the backend can mean (B7.4).
    pub context_window: Option<u64>,
    /// For errors of the backend.
    pub errors: ErrorContext,
    pub think_tags: ThinkTags,
    /// Seals the thinking that the client sends back (K1).
    pub sealer: ClientSealer,
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
