//! What a client requests, in either dialect, and what a backend is sent for it. Pure.

mod chat;
mod chat_parser;
mod completion;
mod estimate;
mod json_check;
pub(crate) mod max_tokens;
mod messages;
pub(crate) mod model_params;
mod stream_options;

pub use chat::ChatRequest;
pub(crate) use completion::CompletionRequest;
pub(crate) use messages::MessagesRequest;
