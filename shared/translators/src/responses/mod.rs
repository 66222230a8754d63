//! The `OpenAI` Responses dialect: its wire types, its translation to and from chat for its clients, and what a backend
//! that speaks it gets and sends.

pub mod backend;
pub mod context;
mod echo;
mod failure;
pub mod from_chat;
pub mod ids;
pub mod lifecycle;
pub mod refusal;
pub mod reshape;
mod status;
pub mod stored;
pub mod stream;
mod summary;
pub mod to_chat;
pub mod token_count;
pub mod tools;
pub(crate) mod whole;
pub mod wire;
