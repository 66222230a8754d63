#![doc = include_str!("README.md")]

pub mod chat;
pub mod context;
pub mod error;
pub mod ids;
pub mod json;
pub mod messages;
pub mod names;
pub mod settings;
pub mod signature;
pub mod sse;
pub mod think_tags;
pub mod tokens;
pub mod usage;
