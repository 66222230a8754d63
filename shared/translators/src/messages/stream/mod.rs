//! A stream as the events of an Anthropic message (§5). The order of events that the client is promised:
//!
//! ```text
//! message_start (ping | block)* message_delta message_stop
//! message_start (ping | block | begun block)* error
//! ```

mod blocks;
#[cfg(debug_assertions)]
mod invariants;
mod writer;

pub(crate) use writer::MessagesWriter;
