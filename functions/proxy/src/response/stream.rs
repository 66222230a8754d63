//! How a stream speaks to the client: the backend's own bytes, or their translation. Pure.

use bytes::{Bytes, BytesMut};
use domain::models::RequestId;
use service::http::{ApiError, Dialect};
use translators::error::BackendError;
use translators::messages::stream::{Interruption, Progress, StreamEnd, ToAnthropic};
use translators::sse::Decoder;

use super::convert::Notes;
use super::passthrough::Watch;
use crate::response::usage::Metered;

/// Turns a backend's chunks into the client's frames.
pub(crate) enum Voice {
    /// The backend speaks the client's dialect.
    Same(Box<Watch>),
    Translated(Box<Translation>),
}

/// A translation under way.
pub(crate) struct Translation {
    machine: ToAnthropic,
    has_begun: bool,
    /// What follows the end mark or an error is not read.
    is_over: bool,
}

/// What a chunk came to.
#[derive(Debug)]
pub(crate) struct Spoken {
    pub(crate) frames: Vec<Bytes>,
    pub(crate) progress: Progress,
}

/// How a stream ended, and the last it has to say.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) frames: Vec<Bytes>,
    pub(crate) metered: Metered,
    /// Whether a byte of the backend's was there to be passed on (promise 42).
    pub(crate) delivered: bool,
    pub(crate) ending: Result<(), BackendError>,
    pub(crate) notes: Notes,
}

impl Voice {
    /// Takes the next chunk.
    pub(crate) fn take(&mut self, decoder: &mut Decoder, chunk: Bytes) -> Spoken {
        match self {
            Self::Same(watch) => watch.take(decoder, chunk),
            Self::Translated(translation) => translation.take(decoder, chunk),
        }
    }

    /// Whether the backend has said something that an answer begins with.
    pub(crate) fn has_begun(&self) -> bool {
        match self {
            Self::Same(watch) => watch.has_begun(),
            Self::Translated(translation) => translation.has_begun,
        }
    }

    /// Begins the answer before the backend has said anything (translation.md W3); a stream that is passed on has
    /// nothing of its own to say.
    pub(crate) fn commit(&mut self) -> Option<Bytes> {
        let Self::Translated(translation) = self else {
            return None;
        };
        Some(translation.write(ToAnthropic::commit))
    }

    /// Shows in a silence that the stream is alive (promise 48).
    pub(crate) fn keep_alive(&mut self) -> Bytes {
        match self {
            Self::Same(watch) => watch.keep_alive(),
            Self::Translated(translation) => translation.write(ToAnthropic::ping),
        }
    }

    /// The backend's id of an answer that the client knows by another one (translation.md §4.1).
    pub(crate) fn upstream_id(&self) -> Option<&str> {
        match self {
            Self::Same(_) => None,
            Self::Translated(translation) => translation.machine.upstream_id(),
        }
    }

    /// Says how it ended: with what was still held, or with one error event and no end mark (promise 50).
    pub(crate) fn finish(self, decoder: Decoder, end: StreamEnd, id: &RequestId) -> Ended {
        match self {
            Self::Same(watch) => finish_same(*watch, decoder, end, id),
            Self::Translated(translation) => translation.finish(decoder, end),
        }
    }
}

impl Translation {
    pub(crate) fn new(machine: ToAnthropic) -> Self {
        Self {
            machine,
            has_begun: false,
            is_over: false,
        }
    }

    fn take(&mut self, decoder: &mut Decoder, chunk: Bytes) -> Spoken {
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
        Spoken { frames, progress }
    }

    fn write(&mut self, say: impl FnOnce(&mut ToAnthropic, &mut BytesMut)) -> Bytes {
        let mut out = BytesMut::new();
        say(&mut self.machine, &mut out);
        out.freeze()
    }

    fn finish(mut self, decoder: Decoder, end: StreamEnd) -> Ended {
        let mut out = BytesMut::new();
        let last = if self.is_over { None } else { decoder.finish() };
        if let Some(data) = last.as_ref().and_then(|event| event.data()) {
            self.machine.feed(data, &mut out);
        }
        let outcome = self.machine.finish(end, &mut out);
        let ending = outcome.ending.map_err(|interruption| match interruption {
            Interruption::CutShort(error) | Interruption::Backend(error) => error,
        });
        let notes = Notes {
            upstream_id: outcome.upstream_id,
            nameless_calls: outcome.nameless_calls,
        };
        let metered = if outcome.usage_is_estimated {
            Metered::Estimated(outcome.usage)
        } else {
            Metered::Reported(outcome.usage)
        };
        Ended {
            frames: vec![out.freeze()],
            metered,
            delivered: self.has_begun,
            ending,
            notes,
        }
    }
}

fn finish_same(mut watch: Watch, decoder: Decoder, end: StreamEnd, id: &RequestId) -> Ended {
    let mut frames = watch.end(decoder);
    let ending = match (watch.problem(), watch.is_done(), end) {
        (Some(problem), _, _) => Err(problem),
        (None, true, _) => Ok(()),
        (None, false, StreamEnd::TimedOut) => Err(BackendError::timed_out()),
        (None, false, StreamEnd::Closed | StreamEnd::Broken) => Err(BackendError::cut_short()),
    };
    if let Err(error) = &ending {
        frames.push(error_event(&ApiError::from(error.clone()), watch.dialect(), id));
    }
    Ended {
        frames,
        metered: watch.metered(),
        delivered: watch.has_begun(),
        ending,
        notes: Notes::default(),
    }
}

/// An error in the midst of a stream of `dialect`.
fn error_event(error: &ApiError, dialect: Dialect, id: &RequestId) -> Bytes {
    let data = error.body(dialect, id);
    match dialect {
        Dialect::Anthropic => format!("event: error\ndata: {data}\n\n"),
        Dialect::OpenAi | Dialect::Management => format!("data: {data}\n\n"),
    }
    .into()
}
