//! `POST /v1/chat/completions`: on a backend of the same dialect, and on one that speaks Anthropic Messages
//! (`claude.rs`).

mod claude;
mod failures;
mod requests;
mod streams;
mod transport;
