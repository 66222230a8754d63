//! What must be known of a chat stream that is passed on as it is: that each event is one, that the end is the end,
//! and what was used. Pure.

use bytes::Bytes;
use serde::Deserialize;
use serde::de::IgnoredAny;
use shared::translators::error::BackendError;
use shared::translators::sse::{Decoder, Event};
use shared::translators::usage::{Usage, usage_of_chunk};

/// Reads a stream in passing.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// Bytes of the event that has not ended yet.
    pending: usize,
    usage: Option<Usage>,
    has_begun: bool,
    is_done: bool,
}

/// What of a chunk may be passed on.
#[derive(Debug, Default)]
pub(crate) struct Passed {
    /// Whole events, unaltered.
    pub(crate) frames: Vec<Bytes>,
    /// Why nothing may follow.
    pub(crate) problem: Option<BackendError>,
}

/// What a JSON text is that stands where an answer or a chunk of one is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    Answer,
    Error,
    Garbage,
}

impl Finding {
    pub(crate) fn of(json: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Shape {
            error: Option<IgnoredAny>,
        }
        match serde_json::from_slice::<Shape>(json) {
            Ok(Shape { error: None }) => Self::Answer,
            Ok(Shape { error: Some(_) }) => Self::Error,
            Err(_) => Self::Garbage,
        }
    }
}

impl Watch {
    /// Takes the next chunk. What comes back are its bytes, without the event that is not whole yet.
    pub(crate) fn take(&mut self, decoder: &mut Decoder, chunk: Bytes) -> Passed {
        let (before, length) = (self.pending, chunk.len());
        decoder.feed(chunk.clone());
        let mut passed = Passed::default();
        let mut whole = 0;
        let mut first = None;
        for event in decoder.by_ref() {
            let event = match event {
                Ok(event) => event,
                Err(_) => {
                    passed.problem = Some(BackendError::unreadable());
                    break;
                }
            };
            passed.problem = self.problem(&event);
            if passed.problem.is_some() {
                break;
            }
            whole += event.raw.len();
            first.get_or_insert(event.raw);
        }
        self.pending = before + length - whole;
        passed.frames = frames(chunk, before, whole, first);
        passed
    }

    /// Takes what the stream ended with: an event without its blank line, or nothing.
    pub(crate) fn end(&mut self, decoder: Decoder) -> Passed {
        let Some(event) = decoder.finish() else { return Passed::default() };
        match self.problem(&event) {
            None => Passed { frames: vec![event.raw], problem: None },
            problem => Passed { frames: Vec::new(), problem },
        }
    }

    /// Whether an event with data has come.
    pub(crate) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// Whether the end mark has come.
    pub(crate) fn is_done(&self) -> bool {
        self.is_done
    }

    pub(crate) fn usage(&self) -> Option<Usage> {
        self.usage
    }

    fn problem(&mut self, event: &Event) -> Option<BackendError> {
        let data = event.data()?;
        if event.is_done() {
            self.is_done = true;
            self.has_begun = true;
            return None;
        }
        match Finding::of(data) {
            Finding::Garbage => return Some(BackendError::unreadable()),
            Finding::Error => return Some(BackendError::from_error_object(data)),
            Finding::Answer => self.has_begun = true,
        }
        if let Some(usage) = usage_of_chunk(data) {
            self.usage = Some(usage);
        }
        None
    }
}

/// The first `whole` bytes of the stream's `before` held bytes and `chunk`: the chunk's own bytes where they can be.
fn frames(chunk: Bytes, before: usize, whole: usize, first: Option<Bytes>) -> Vec<Bytes> {
    match first {
        None => Vec::new(),
        Some(_) if before == 0 => vec![chunk.slice(..whole)],
        Some(first) => {
            let rest = chunk.slice(first.len() - before..whole - before);
            if rest.is_empty() { vec![first] } else { vec![first, rest] }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &[u8] =
        b"data: {\"choices\":[]}\n\n: ping\n\ndata: {\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\r\n\r\ndata: [DONE]\n\n";

    fn watched(chunks: &[&[u8]]) -> (Vec<u8>, Watch, Option<BackendError>) {
        let (mut watch, mut decoder, mut passed) = (Watch::default(), Decoder::new(1000), Vec::new());
        for chunk in chunks {
            let taken = watch.take(&mut decoder, Bytes::copy_from_slice(chunk));
            passed.extend(taken.frames.concat());
            if taken.problem.is_some() {
                return (passed, watch, taken.problem);
            }
        }
        let last = watch.end(decoder);
        passed.extend(last.frames.concat());
        (passed, watch, last.problem)
    }

    #[test]
    fn p48_bytes_pass_unaltered_however_they_are_cut() {
        for cut in 0..=STREAM.len() {
            for next in (cut..=STREAM.len()).step_by(7) {
                let (passed, watch, problem) = watched(&[&STREAM[..cut], &STREAM[cut..next], &STREAM[next..]]);
                assert_eq!((passed.as_slice(), problem), (STREAM, None), "{cut} {next}");
                assert!(watch.is_done());
                assert_eq!(watch.usage().map(|usage| (usage.input, usage.output)), Some((3, 2)));
            }
        }
    }

    #[test]
    fn p50_a_malformed_event_is_not_passed_on() {
        let (passed, watch, problem) = watched(&[b"data: {\"choices\":[]}\n\ndata: {\"cho", b"ices\":\n\ndata: [DONE]\n\n"]);
        assert_eq!(passed, b"data: {\"choices\":[]}\n\n");
        assert!(problem.is_some() && !watch.is_done());
        assert!(watched(&[b"<html>\n\n", b"data: <html>\n\n"]).2.is_some());
    }

    #[test]
    fn an_error_object_is_a_problem_and_keeps_its_message() {
        let (_, _, problem) = watched(&[b"data: {\"error\":{\"message\":\"slow down\",\"code\":429}}\n\n"]);
        assert_eq!(problem.map(|problem| problem.message).as_deref(), Some("slow down"));
    }

    #[test]
    fn an_end_mark_without_its_blank_line_is_an_end() {
        let (passed, watch, _) = watched(&[b"data: {}\n\ndata: [DONE]"]);
        assert_eq!(passed, b"data: {}\n\ndata: [DONE]");
        assert!(watch.is_done());
    }
}
