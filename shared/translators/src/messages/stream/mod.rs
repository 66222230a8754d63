//! A stream as the events of an Anthropic message (§5). The order of events that the client is promised:
//!
//! ```text
//! message_start (ping | block)* message_delta message_stop
//! message_start (ping | block | begun block)* error
//! ```

mod blocks;
mod held;
#[cfg(debug_assertions)]
mod invariants;
mod sequencer;
mod writer;

use crate::chat::stream::ChatReader;
use crate::context::{RandomText, ResponseContext};
use crate::stream::{ResponseFacts, StreamTranslation};
use writer::MessagesWriter;

/// Translates the stream of a chat backend for a Messages client.
pub fn from_chat(context: ResponseContext, random: RandomText) -> StreamTranslation {
    let facts = ResponseFacts::of(&context);
    let reader = ChatReader::new(context.errors.clone());
    let writer = MessagesWriter::new(context, random);
    StreamTranslation::new(Box::new(reader), Box::new(writer), facts)
}
