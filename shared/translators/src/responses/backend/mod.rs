//! `OpenAI` Responses as a backend's dialect: the request that it gets for a chat request (N10 to N14), the events of
//! the hub that its answers come to (N15, N16), and what a client's own Responses request must not say to it (N1 to
//! N7).
//!
//! The client's dialect is not known here: any writer of the hub's events goes with [`ResponsesReader`], and any client
//! whose request is a chat request, or becomes one, with [`request`].

mod events;
mod items;
pub mod native;
mod reader;
pub mod request;

pub use reader::ResponsesReader;
