//! The translation of a running stream, chunk by chunk (§5), whatever the two dialects are.
//!
//! [`StreamTranslation`] takes one event and writes the events that it completes. It has no socket and no
//! clock: the relay decides when to [`commit`](StreamTranslation::commit) to a response, when to
//! [`ping`](StreamTranslation::ping), and how long to wait for the rest once the end is in sight.

mod content;
mod held;
mod outcome;
mod response;
mod sequencer;
mod writer;

use bytes::BytesMut;

pub(crate) use content::{ContentKind, ContentWriter, list};
pub use outcome::{Interruption, Progress, Repairs, StreamEnd, StreamOutcome};
pub(crate) use response::ResponseFacts;
use response::StreamedResponse;
pub(crate) use sequencer::Sequencer;
pub use writer::{Finish, Received, StreamWriter};

use crate::chat::stream::StreamReader;
use crate::sse::Event;

/// Translates one stream: a reader of the backend's dialect and a writer of the client's, joined by the events of the
/// hub. Any reader goes with any writer.
///
/// It waits until the first chunk (or `commit`), then writes, and has ended after an error or `finish`.
pub struct StreamTranslation {
    reader: Box<dyn StreamReader>,
    response: StreamedResponse,
}

impl StreamTranslation {
    pub(crate) fn new(reader: Box<dyn StreamReader>, writer: Box<dyn StreamWriter>, facts: ResponseFacts) -> Self {
        Self {
            reader,
            response: StreamedResponse::new(writer, facts),
        }
    }

    /// Takes one event. Until the first chunk that is no error, nothing is written (W2); behind the end mark nothing is
    /// read (HA21).
    pub fn feed(&mut self, event: &Event, out: &mut BytesMut) -> Progress {
        let response = &mut self.response;
        if !response.has_ended() {
            self.reader.read(event, &mut |event| response.take(event, out));
        }
        response.progress()
    }

    /// Begins the response before the backend has sent anything (W3).
    pub fn commit(&mut self, out: &mut BytesMut) {
        self.response.commit(out);
    }

    /// Shows that the stream is alive (W4); writes nothing before the response has begun or after its end.
    pub fn ping(&mut self, out: &mut BytesMut) {
        self.response.ping(out);
    }

    /// True once a chunk has come that is no error, also if it brought nothing for the client.
    pub fn has_chunks(&self) -> bool {
        self.response.has_chunks()
    }

    /// The backend's id of the response, once a chunk has it.
    pub fn upstream_id(&self) -> Option<&str> {
        self.response.upstream_id()
    }

    /// Closes what is open, also of a stream that stopped half-way, and reports how it went.
    pub fn finish(self, end: StreamEnd, out: &mut BytesMut) -> StreamOutcome {
        self.response.finish(end, out)
    }
}
