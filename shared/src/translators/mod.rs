//! Dialects: pure translation between Anthropic Messages and `OpenAI` Chat Completions.

pub mod anthropic;
pub mod chat;
pub mod context;
pub mod json;
pub mod names;
pub mod request;
pub mod settings;
pub mod tokens;
