//! Anthropic Messages on the wire.

pub mod request;
