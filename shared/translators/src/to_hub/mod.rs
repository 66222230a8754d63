//! What all translations of a client's request to the hub share: the conversation as turns, written down as the
//! messages of a chat request for one backend, and the thinking that it is asked for.

pub(crate) mod history;
pub(crate) mod messages;
pub(crate) mod parts;
mod scope;
pub(crate) mod thinking;
pub(crate) mod turns;

pub(crate) use scope::Scope;
