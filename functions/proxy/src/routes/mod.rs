//! The handlers for clients, a file for each kind of endpoint.

pub(crate) mod chat;
pub(crate) mod compact;
pub(crate) mod count_tokens;
pub(crate) mod direct;
pub(crate) mod messages;
pub(crate) mod models;
pub(crate) mod quota;
pub(crate) mod responses;
pub(crate) mod stored;
