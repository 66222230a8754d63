//! The formats of `reasoning_details` (H2): whose the reasoning is, and so which backend may get it back.

/// Of Anthropic's thinking blocks.
pub const ANTHROPIC_FORMAT: &str = "anthropic-claude-v1";

/// Of the reasoning items of `OpenAI`'s Responses.
pub const RESPONSES_FORMAT: &str = "openai-responses-v1";
