//! `OpenAI` Chat Completions on the wire.

pub mod completion;
pub mod request;
