//! The Anthropic Messages dialect: its wire types, its translation to and from chat for its clients, and what a backend
//! that speaks it gets and sends.

pub mod backend;
mod chat_text;
pub mod from_chat;
pub mod passthrough;
pub mod reshape;
mod signature;
pub mod stop_reason;
pub mod stream;
pub mod to_chat;
pub mod token_count;
pub(crate) mod whole;
pub mod wire;
