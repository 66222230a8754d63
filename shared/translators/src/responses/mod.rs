//! The `OpenAI` Responses dialect of clients: its wire types, and its translation to and from chat.

pub mod context;
mod echo;
mod failure;
pub mod from_chat;
pub mod lifecycle;
mod refusal;
mod status;
pub mod stream;
pub mod to_chat;
pub mod token_count;
pub mod tools;
pub mod wire;
