//! What an answer's translation must remember of the request.

use super::names::ToolNames;
use super::settings::ThinkTags;

/// What the signatures of our thinking blocks begin with (§4.1, TH4).
pub const SIGNATURE_PREFIX: &str = "gw1.";

#[derive(Debug, Clone, Default)]
pub struct AnswerContext {
    /// The model's name as the client wrote it.
    pub model: String,
    pub names: ToolNames,
    pub stop_sequences: Vec<String>,
    pub thinking: Thinking,
    pub think_tags: ThinkTags,
    pub estimated_input_tokens: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Thinking {
    #[default]
    Shown,
    Omitted,
    Discarded,
}
