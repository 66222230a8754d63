//! A stream as the events of a response. The order of events that the client is promised (RS1):
//!
//! ```text
//! response.created response.in_progress item* (response.completed | response.incomplete | response.failed)
//! ```
//!
//! One item is open at a time, and nothing follows the last event.

mod custom_input;
mod items;
mod writer;

pub(super) use items::Items;
pub(crate) use writer::ResponsesWriter;
