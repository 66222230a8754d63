//! A response stream as the hub has it: every backend's events are read into [`StreamEvent`]s, every client's dialect
//! is written from them. Nothing is encoded in between.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::completion::Completion;
use super::finish_reason::is_failure;
use crate::error::{BackendError, ErrorContext};
use crate::sse::Event;
use crate::usage::Usage;

/// One step of a backend's stream.
#[derive(Debug)]
pub enum StreamEvent<'e> {
    Chunk(&'e Completion<'e>),
    /// What is known of the usage, of a backend whose own spelling is not chat's.
    Usage(Usage),
    /// An entry of `reasoning_details` that has all its text (H2). As `reasoning_content` the text has come before.
    Details(&'e RawValue),
    /// A sign of life.
    Alive,
    /// The end mark.
    Done,
    /// An error in place of a chunk, or bytes that are no chunk.
    Failed(BackendError),
    /// Bytes that were no UTF-8 became U+FFFD (B5.3).
    InvalidUtf8,
    /// Something of this type has no counterpart in the hub, and is left out.
    Skipped(&'e str),
}

/// Reads the events of a backend that speaks one dialect.
pub trait StreamReader: Send {
    /// Hands the steps that one event stands for to `take`, in their order.
    fn read(&mut self, event: &Event, take: &mut dyn FnMut(StreamEvent<'_>));
}

/// Reads the stream of a backend that speaks chat.
#[derive(Debug, Default)]
pub struct ChatReader {
    errors: ErrorContext,
}

impl ChatReader {
    pub fn new(errors: ErrorContext) -> Self {
        Self { errors }
    }

    fn read_chunk(&self, event: &Event, data: &[u8], take: &mut dyn FnMut(StreamEvent<'_>)) {
        let text = String::from_utf8_lossy(data);
        if matches!(text, Cow::Owned(_)) {
            take(StreamEvent::InvalidUtf8);
        }
        let chunk = serde_json::from_str::<Completion<'_>>(&text);
        match chunk {
            _ if event.is_error() => {
                let silent = BackendError::interrupted();
                take(StreamEvent::Failed(BackendError::from_error_object_or(
                    data,
                    &self.errors,
                    silent,
                )));
            }
            Err(_) => take(StreamEvent::Failed(self.error(data, BackendError::unreadable()))),
            Ok(chunk) if is_error(&chunk, data) => {
                take(StreamEvent::Failed(self.error(data, BackendError::interrupted())));
            }
            Ok(chunk) => take(StreamEvent::Chunk(&chunk)),
        }
        if event.is_body() {
            take(StreamEvent::Done);
        }
    }

    fn error(&self, data: &[u8], silent: BackendError) -> BackendError {
        // Text that is no JSON may be anything, also a half of an answer: it is not told.
        let is_json = matches!(data.first(), Some(b'{' | b'['));
        if is_json {
            BackendError::from_error_object_or(data, &self.errors, silent)
        } else {
            silent
        }
    }
}

impl StreamReader for ChatReader {
    fn read(&mut self, event: &Event, take: &mut dyn FnMut(StreamEvent<'_>)) {
        let data = event.data().unwrap_or_default().trim_ascii();
        match data {
            b"" | b"null" => {}
            b"[DONE]" => take(StreamEvent::Done),
            data => self.read_chunk(event, data, take),
        }
    }
}

/// True for a chunk that stands for an error: it says so, or has no choices but the reason (B6.1).
pub fn is_error(chunk: &Completion<'_>, data: &[u8]) -> bool {
    let failed = |reason: &str| is_failure(reason);
    chunk.is_error()
        || chunk
            .choices()
            .any(|(_, choice)| choice.finish_reason().is_some_and(|reason| failed(reason.escaped())))
        || (chunk.has_no_answer() && BackendError::is_told_by(data))
}
