#![doc = include_str!("README.md")]

pub mod chat;
mod chat_client;
pub mod context;
pub mod directions;
pub mod error;
pub mod json;
pub mod messages;
pub mod model;
mod request_members;
pub mod responses;
pub mod restricted;
mod schema;
pub mod sealed;
pub mod settings;
pub mod sha256;
pub mod sse;
pub mod stream;
pub mod think_tags;
mod to_hub;
pub mod tokens;
pub mod tool_ids;
pub mod tool_names;
pub mod translated;
pub mod usage;
mod warnings;
mod whole;
