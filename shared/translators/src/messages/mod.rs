//! The Anthropic Messages dialect: its wire types, and its translation to and from chat.

pub mod passthrough;
pub mod to_chat;
pub mod wire;
