//! A stream that is translated from the backend's dialect to the client's. Pure.

use bytes::{Bytes, BytesMut};
use serde::de::IgnoredAny;
use translators::sse::{Decoder, Event};
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
                Ok(event) => self.machine.feed(event, &mut out),
                Err(_) => Progress::Failed,
            };
            self.is_over = matches!(progress, Progress::Done | Progress::Failed);
            if self.is_over {
                break;
            }
        }
        self.chunk(out, progress)
    }

    /// Takes what the body has left at its end (B1.5, B9.1). What cannot be read broke off, and is no event.
    pub(super) fn close(&mut self, decoder: &mut Decoder) -> StreamChunk {
        let mut out = BytesMut::new();
        let last = if self.is_over { None } else { decoder.finish() };
        let last = last.filter(|event| event.is_body() || event.is_done() || is_json(event));
        let progress = last.map_or(Progress::More, |event| self.machine.feed(&event, &mut out));
        self.is_over |= matches!(progress, Progress::Done | Progress::Failed);
        self.chunk(out, progress)
    }

    fn chunk(&mut self, out: BytesMut, progress: Progress) -> StreamChunk {
        self.has_begun |= !out.is_empty();
        let frames = if out.is_empty() { Vec::new() } else { vec![out.freeze()] };
        StreamChunk { frames, progress }
    }

    /// True once the backend's events have come to a frame.
    pub(super) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// Goes on with a response whose beginning the client has already.
    pub(super) fn continue_begun(&mut self) {
        self.write(StreamTranslation::commit);
    }

    pub(super) fn ping(&mut self) -> Bytes {
        self.write(StreamTranslation::ping)
    }

    pub(super) fn upstream_id(&self) -> Option<&str> {
        self.machine.upstream_id()
    }

    pub(super) fn finish(mut self, mut decoder: Decoder, end: StreamEnd) -> StreamEnding {
        let mut out = BytesMut::new();
        out.extend(self.close(&mut decoder).frames);
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
                repairs: outcome.repairs,
            },
        }
    }

    fn write(&mut self, write: impl FnOnce(&mut StreamTranslation, &mut BytesMut)) -> Bytes {
        let mut out = BytesMut::new();
        write(&mut self.machine, &mut out);
        out.freeze()
    }
}

fn is_json(event: &Event) -> bool {
    let text = String::from_utf8_lossy(event.data().unwrap_or_default());
    serde_json::from_str::<IgnoredAny>(&text).is_ok()
}
