//! What a stream's body has left at its end: an event without its blank line (B1.5), or a whole response that came in
//! place of a stream (B9.1).

use std::mem;

use bytes::Bytes;
use memchr::memmem;
use translators::error::BackendError;
use translators::sse::{Decoder, Event};

use super::Passthrough;
use super::action::Action;
use crate::response::frames::patched_frames;
use crate::response::outcome::StreamChunk;
use crate::response::reshape;
use crate::response::scan::{ChunkInfo, ChunkKind};

impl Passthrough {
    /// Takes what the body has left at its end: the last event, if it came without its blank line (B1.5), or a whole
    /// response that came in place of a stream (B9.1).
    pub(in crate::response) fn close(&mut self, decoder: &mut Decoder) -> StreamChunk {
        let last = if self.is_over() { None } else { decoder.finish() };
        let frames = last.map_or_else(Vec::new, |event| {
            if event.is_body() {
                self.take_body(&event)
            } else {
                self.take_open(event)
            }
        });
        StreamChunk {
            frames,
            progress: self.progress(),
        }
    }

    /// The last event with the line ends that it lacks. What cannot be read broke off, and is no event.
    fn take_open(&mut self, event: Event) -> Vec<Bytes> {
        let is_torn = |data: &[u8]| !event.is_done() && is_unreadable(data);
        if event.data().is_some_and(is_torn) {
            return Vec::new();
        }
        let mut frames = match self.inspect(&event) {
            Action::Pass => vec![event.raw.clone()],
            Action::Patch(patches) => patched_frames(vec![event.raw.clone()], &patches),
            Action::Stop => Vec::new(),
        };
        if event.is_open() && !frames.is_empty() {
            frames.push(Bytes::from_static(b"\n\n"));
        }
        frames
    }

    /// The frames of a whole response, with the end mark.
    fn take_body(&mut self, event: &Event) -> Vec<Bytes> {
        let body = String::from_utf8_lossy(event.data().unwrap_or_default());
        let info = ChunkInfo::of(body.as_bytes());
        let stream = match info.kind {
            ChunkKind::Error => Err(BackendError::from_error_object(body.as_bytes(), &self.context.errors)),
            ChunkKind::Content => self.stream_of(&body, &info),
            ChunkKind::End | ChunkKind::Nothing | ChunkKind::Malformed => Err(BackendError::unreadable()),
        };
        match stream {
            Ok(stream) => {
                let stream = self.held(stream);
                self.usage.add_body(self.dialect, info, body.as_bytes());
                (self.has_begun, self.is_done) = (true, true);
                let frame = if mem::take(&mut self.drops_start) {
                    without_first_event(stream)
                } else {
                    stream
                };
                Some(frame).filter(|frame| !frame.is_empty()).into_iter().collect()
            }
            Err(error) => {
                self.error = Some(error);
                Vec::new()
            }
        }
    }
}

impl Passthrough {
    /// The events that a whole response comes to.
    fn stream_of(&mut self, body: &str, info: &ChunkInfo) -> Result<Bytes, BackendError> {
        let own = self.stored.as_mut().and_then(|stored| stored.body(body));
        let begun = self.numbering.begun();
        match own {
            Some(body) => reshape::stream_of(
                self.dialect,
                &body,
                &ChunkInfo::of(body.as_bytes()),
                &self.context,
                begun,
            ),
            None => reshape::stream_of(self.dialect, body, info, &self.context, begun),
        }
    }

    /// The frames that go out now: none of a response that is to be stored first (ST4).
    fn held(&mut self, frames: Bytes) -> Bytes {
        match &mut self.stored {
            Some(stored) => {
                stored.hold_frames(frames);
                Bytes::new()
            }
            None => frames,
        }
    }
}

/// No JSON, whatever bytes that are no UTF-8 stand in it.
fn is_unreadable(data: &[u8]) -> bool {
    ChunkInfo::of(String::from_utf8_lossy(data).as_bytes()).kind == ChunkKind::Malformed
}

/// Behind the first blank line.
fn without_first_event(stream: Bytes) -> Bytes {
    let end = memmem::find(&stream, b"\n\n").map_or(stream.len(), |end| end + 2);
    stream.slice(end..)
}
