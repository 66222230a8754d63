//! Anthropic Messages as a backend's dialect: the request that it gets for a chat request (O1 to O27), and the events
//! of the hub that its answers come to (O30 to O35).
//!
//! The client's dialect is not known here: any writer of the hub's events goes with [`AnthropicReader`], and any client
//! whose request is a chat request, or becomes one, with [`request`].

mod blocks;
mod events;
mod reader;
pub mod request;

pub use reader::AnthropicReader;
