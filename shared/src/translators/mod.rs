//! Dialects: pure translation between Anthropic Messages and `OpenAI` Chat Completions.

pub mod sse;
