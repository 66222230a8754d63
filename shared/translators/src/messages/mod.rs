//! The Anthropic Messages dialect: its wire types, and its translation to and from chat.

mod chat_text;
pub mod from_chat;
pub mod passthrough;
pub mod reshape;
pub mod stop_reason;
pub mod stream;
pub mod to_chat;
pub mod token_count;
pub mod wire;
