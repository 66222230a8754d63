//! What a client requests, in either dialect, and what a backend is sent for it. Pure.

mod backend_body;
mod body;
mod chat;
mod compaction;
mod completion;
mod conversation;
mod direct;
mod envelope;
mod estimate;
mod fim;
mod generation;
mod json_walk;
pub(crate) mod max_tokens;
mod messages;
pub(crate) mod model_params;
mod native_settings;
mod opening_turns;
mod reasoning_details;
mod rerank;
mod responses;
mod stream_options;

pub use chat::ChatRequest;
pub(crate) use compaction::summary_request;
pub(crate) use completion::CompletionRequest;
pub use conversation::ConversationKey;
pub(crate) use direct::DirectRequest;
pub(crate) use envelope::Envelope;
pub(crate) use messages::{MessagesRequest, own_protocol_headers};
pub(crate) use responses::ResponsesRequest;
