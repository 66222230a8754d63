//! A response stream as the hub has it: every backend's events are read into [`StreamEvent`]s, every client's dialect
//! is written from them. Nothing is encoded in between.

use super::completion::Completion;
use crate::error::BackendError;

/// One step of a backend's stream.
#[derive(Debug)]
pub enum StreamEvent<'e> {
    Chunk(&'e Completion<'e>),
    /// The end mark.
    Done,
    /// An error in place of a chunk, or bytes that are no chunk.
    Failed(BackendError),
}

/// Reads the events of a backend that speaks one dialect.
pub trait StreamReader: Send {
    /// Hands the steps that the data of one event stands for to `take`, in their order.
    fn read(&mut self, data: &[u8], take: &mut dyn FnMut(StreamEvent<'_>));
}

/// Reads the stream of a backend that speaks chat.
#[derive(Debug)]
pub struct ChatReader;

impl StreamReader for ChatReader {
    fn read(&mut self, data: &[u8], take: &mut dyn FnMut(StreamEvent<'_>)) {
        let data = data.trim_ascii();
        if data.is_empty() {
            return;
        }
        if data == b"[DONE]" {
            return take(StreamEvent::Done);
        }
        match serde_json::from_slice::<Completion<'_>>(data) {
            Err(_) => take(StreamEvent::Failed(BackendError::unreadable())),
            Ok(chunk) if chunk.is_error() => take(StreamEvent::Failed(BackendError::from_error_object(data))),
            Ok(chunk) => take(StreamEvent::Chunk(&chunk)),
        }
    }
}
