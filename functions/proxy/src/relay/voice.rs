//! How a stream speaks to the client: the backend's own bytes, or their translation. Pure.

use bytes::{Bytes, BytesMut};
use shared::http::{ApiError, Dialect};
use shared::models::RequestId;
use shared::translators::error::BackendError;
use shared::translators::sse::Decoder;
use shared::translators::stream::{Interruption, Progress, StreamEnd, ToAnthropic};
use shared::translators::usage::Usage;

use super::watch::Watch;

/// Turns a backend's chunks into the client's frames.
pub(crate) enum Voice {
    /// The backend speaks the client's dialect.
    Same(Watch),
    Translated(Box<ToAnthropic>),
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
    pub(crate) usage: Option<Usage>,
    pub(crate) ending: Result<(), BackendError>,
}

impl Voice {
    /// Takes the next chunk.
    pub(crate) fn take(&mut self, decoder: &mut Decoder, chunk: Bytes) -> Spoken {
        match self {
            Self::Same(watch) => watch.take(decoder, chunk),
            Self::Translated(machine) => translate(machine, decoder, chunk),
        }
    }

    /// Begins the answer before the backend has said anything (translation.md W3); a chat stream has nothing to say.
    pub(crate) fn commit(&mut self) -> Option<Bytes> {
        let Self::Translated(machine) = self else { return None };
        let mut out = BytesMut::new();
        machine.commit(&mut out);
        Some(out.freeze())
    }

    /// Shows in a silence that the stream is alive (promise 48).
    pub(crate) fn keep_alive(&mut self) -> Bytes {
        match self {
            Self::Same(watch) => watch.keep_alive(),
            Self::Translated(machine) => {
                let mut out = BytesMut::new();
                machine.ping(&mut out);
                out.freeze()
            }
        }
    }

    /// Says how it ended: with what was still held, or with one error event and no end mark (promise 50).
    pub(crate) fn finish(self, decoder: Decoder, end: StreamEnd, id: &RequestId) -> Ended {
        match self {
            Self::Same(watch) => finish_same(watch, decoder, end, id),
            Self::Translated(machine) => finish_translated(*machine, decoder, end),
        }
    }
}

fn translate(machine: &mut ToAnthropic, decoder: &mut Decoder, chunk: Bytes) -> Spoken {
    let mut out = BytesMut::with_capacity(2 * chunk.len());
    let mut progress = Progress::More;
    decoder.feed(chunk);
    for event in decoder.by_ref() {
        progress = match &event {
            Ok(event) => event.data().map_or(Progress::More, |data| machine.feed(data, &mut out)),
            Err(_) => Progress::Failed,
        };
        if matches!(progress, Progress::Done | Progress::Failed) {
            break;
        }
    }
    let frames = if out.is_empty() { Vec::new() } else { vec![out.freeze()] };
    Spoken { frames, progress }
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
    Ended { frames, usage: watch.usage(), ending }
}

fn finish_translated(mut machine: ToAnthropic, decoder: Decoder, end: StreamEnd) -> Ended {
    let mut out = BytesMut::new();
    if let Some(data) = decoder.finish().as_ref().and_then(|event| event.data()) {
        machine.feed(data, &mut out);
    }
    let outcome = machine.finish(end, &mut out);
    let ending = outcome.ending.map_err(|interruption| match interruption {
        Interruption::CutShort(error) | Interruption::Backend(error) => error,
    });
    Ended { frames: vec![out.freeze()], usage: Some(outcome.usage), ending }
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
