//! The formats of `reasoning_details` (H2): whose the reasoning is, and so which backend may get it back.

/// The format of Anthropic's thinking blocks.
pub const ANTHROPIC_FORMAT: &str = "anthropic-claude-v1";

/// The format of the reasoning items of `OpenAI`'s Responses.
pub const RESPONSES_FORMAT: &str = "openai-responses-v1";
