//! `OpenAI` Chat Completions, the hub between all dialects: its wire types, and what reads responses and streams.

pub mod arguments;
pub mod call_piece;
pub mod completion;
pub(crate) mod declared_tools;
pub mod finish_reason;
pub mod input;
pub(crate) mod parameters;
pub mod parts;
pub mod reasoning_details;
pub mod request;
pub mod reshape;
pub mod saying;
pub mod stream;
pub mod tool_calls;
