//! `POST /v1/chat/completions`: on a backend of the same dialect, and on those that speak Anthropic Messages
//! (`claude`) and Responses (`responses.rs`).

mod claude;
mod failures;
mod requests;
mod responses;
mod streams;
mod transport;
