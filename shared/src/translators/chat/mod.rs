//! `OpenAI` Chat Completions on the wire.

pub mod request;
pub mod text;
