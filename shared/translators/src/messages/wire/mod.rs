//! Anthropic Messages on the wire.

pub mod event;
pub mod message;
pub mod request;
