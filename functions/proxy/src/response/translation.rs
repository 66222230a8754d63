//! A stream that is translated from the backend's dialect to the client's. Pure.

use bytes::{Bytes, BytesMut};
use translators::sse::Decoder;
use translators::stream::{Interruption, Progress, StreamEnd, StreamTranslation};

use super::outcome::{StreamChunk, StreamEnding, TranslationLog};
use super::usage::UsageReport;

/// A running translation.
pub(crate) struct Translation {
    machine: StreamTranslation,
    has_begun: bool,
    /// Set by the end mark and by an error; nothing is read behind either.
    is_over: bool,
}

impl Translation {
    pub(super) fn new(machine: StreamTranslation) -> Self {
        Self {
            machine,
            has_begun: false,
            is_over: false,
        }
    }

    /// Translates the next chunk.
    pub(super) fn feed(&mut self, decoder: &mut Decoder, chunk: Bytes) -> StreamChunk {
        let mut out = BytesMut::with_capacity(2 * chunk.len());
        let mut progress = Progress::More;
        decoder.feed(chunk);
        for event in decoder.by_ref() {
            progress = match &event {
                Ok(event) => event.data().map_or(progress, |data| self.machine.feed(data, &mut out)),
                Err(_) => Progress::Failed,
            };
            self.is_over = matches!(progress, Progress::Done | Progress::Failed);
            if self.is_over {
                break;
            }
        }
        self.has_begun |= !out.is_empty();
        let frames = if out.is_empty() { Vec::new() } else { vec![out.freeze()] };
        StreamChunk { frames, progress }
    }

    /// True once the backend's events have come to a frame.
    pub(super) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// Begins the response before the backend has sent an event (translation.md W3).
    pub(super) fn commit(&mut self) -> Bytes {
        self.write(StreamTranslation::commit)
    }

    pub(super) fn ping(&mut self) -> Bytes {
        self.write(StreamTranslation::ping)
    }

    pub(super) fn upstream_id(&self) -> Option<&str> {
        self.machine.upstream_id()
    }

    pub(super) fn finish(mut self, decoder: Decoder, end: StreamEnd) -> StreamEnding {
        let mut out = BytesMut::new();
        let last = if self.is_over { None } else { decoder.finish() };
        if let Some(data) = last.as_ref().and_then(|event| event.data()) {
            self.machine.feed(data, &mut out);
        }
        let outcome = self.machine.finish(end, &mut out);
        let result = outcome.ending.map_err(Interruption::into_error);
        let usage = if outcome.usage_is_estimated {
            UsageReport::Estimated(outcome.usage)
        } else {
            UsageReport::Reported(outcome.usage)
        };
        StreamEnding {
            frames: vec![out.freeze()],
            usage,
            delivered: self.has_begun,
            result,
            translation: TranslationLog {
                upstream_id: outcome.upstream_id,
                nameless_calls: outcome.nameless_calls,
            },
        }
    }

    fn write(&mut self, write: impl FnOnce(&mut StreamTranslation, &mut BytesMut)) -> Bytes {
        let mut out = BytesMut::new();
        write(&mut self.machine, &mut out);
        out.freeze()
    }
}
