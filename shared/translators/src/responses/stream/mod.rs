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

use crate::chat::stream::{ChatReader, StreamReader};
use crate::context::RandomText;
use crate::stream::{ResponseFacts, StreamTranslation};

use super::context::ResponsesContext;
pub(super) use items::Items;
use writer::ResponsesWriter;

/// Translates the stream of a chat backend for a Responses client.
pub fn from_chat(context: ResponsesContext, random: RandomText) -> StreamTranslation {
    let reader = ChatReader::new(context.response.errors.clone());
    from_hub(Box::new(reader), context, random)
}

/// Translates the stream of any backend, which `reader` reads.
pub fn from_hub(reader: Box<dyn StreamReader>, context: ResponsesContext, random: RandomText) -> StreamTranslation {
    let facts = ResponseFacts::of(&context.response);
    StreamTranslation::new(reader, Box::new(ResponsesWriter::new(context, random)), facts)
}
