//! What must be known of a stream that is passed on as it is: that each event is one, that the end is the end, and
//! what was used. Pure.

use bytes::Bytes;
use shared::http::Dialect;
use shared::translators::error::BackendError;
use shared::translators::sse::{Decoder, Event};
use shared::translators::stream::Progress;
use shared::translators::usage::{Usage, update_from_event, usage_of_chunk};

use super::voice::Spoken;
use crate::finding::{Finding, Kind};
use crate::metered::Metered;

/// Reads a stream in passing.
#[derive(Debug)]
pub(crate) struct Watch {
    dialect: Dialect,
    /// Bytes of the event that has not ended yet.
    pending: usize,
    usage: Option<Usage>,
    /// Whether the usage is that of the whole answer.
    is_usage_final: bool,
    /// The text that was passed on, in bytes.
    said: usize,
    has_begun: bool,
    is_done: bool,
    /// Why nothing more is passed on.
    problem: Option<BackendError>,
}

impl Watch {
    /// Of a stream of chat chunks, which ends with `[DONE]`.
    pub(crate) fn chat() -> Self {
        Self::new(Dialect::OpenAi)
    }

    /// Of a stream of Anthropic events, which ends with `message_stop`.
    pub(crate) fn messages() -> Self {
        Self::new(Dialect::Anthropic)
    }

    fn new(dialect: Dialect) -> Self {
        Self { dialect, pending: 0, usage: None, is_usage_final: false, said: 0, has_begun: false, is_done: false, problem: None }
    }

    /// Takes the next chunk. What comes back are its bytes, without the event that is not whole yet.
    pub(crate) fn take(&mut self, decoder: &mut Decoder, chunk: Bytes) -> Spoken {
        let (before, length) = (self.pending, chunk.len());
        let mut whole = 0;
        let mut first = None;
        decoder.feed(chunk.clone());
        for event in decoder.by_ref() {
            match event {
                Ok(event) if self.accepts(&event) => {
                    whole += event.raw.len();
                    first.get_or_insert(event.raw);
                }
                Ok(_) => break,
                Err(_) => {
                    self.problem = Some(BackendError::unreadable());
                    break;
                }
            }
        }
        self.pending = (before + length).saturating_sub(whole);
        let progress = match (&self.problem, self.is_done) {
            (Some(_), _) => Progress::Failed,
            (None, true) => Progress::Done,
            (None, false) => Progress::More,
        };
        Spoken { frames: frames(chunk, before, whole, first), progress }
    }

    /// Takes what the stream ended with: an event without its blank line, or nothing.
    pub(crate) fn end(&mut self, decoder: Decoder) -> Vec<Bytes> {
        let last = if self.problem.is_none() { decoder.finish() } else { None };
        last.filter(|event| self.accepts(event)).map(|event| event.raw).into_iter().collect()
    }

    pub(crate) fn keep_alive(&self) -> Bytes {
        match self.dialect {
            Dialect::Anthropic => Bytes::from_static(b"event: ping\ndata: {\"type\":\"ping\"}\n\n"),
            Dialect::OpenAi | Dialect::Management => Bytes::from_static(b": keep-alive\n\n"),
        }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Whether an event with data may be passed on: comments alone begin no answer.
    pub(crate) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// Whether the end mark has come.
    pub(crate) fn is_done(&self) -> bool {
        self.is_done
    }

    /// What was used, as far as the backend has told until now.
    pub(crate) fn metered(&self) -> Metered {
        match self.usage {
            Some(usage) if self.is_usage_final => Metered::Reported(usage),
            partly => Metered::Unreported { partly, said: self.said },
        }
    }

    pub(crate) fn problem(&self) -> Option<BackendError> {
        self.problem.clone()
    }

    /// Whether the event may be passed on.
    fn accepts(&mut self, event: &Event) -> bool {
        let Some(data) = event.data() else { return true };
        if event.is_done() {
            (self.has_begun, self.is_done) = (true, true);
            return true;
        }
        let finding = Finding::of(data);
        match finding.kind {
            Kind::Garbage => self.problem = Some(BackendError::unreadable()),
            Kind::Error => self.problem = Some(BackendError::from_error_object(data)),
            Kind::End => self.is_done = self.dialect == Dialect::Anthropic,
            Kind::Answer => self.note_usage(finding, data),
        }
        self.has_begun |= self.problem.is_none();
        self.problem.is_none()
    }

    fn note_usage(&mut self, finding: Finding, data: &[u8]) {
        self.said += finding.said;
        match self.dialect {
            Dialect::Anthropic => {
                update_from_event(&mut self.usage, data);
                self.is_usage_final |= finding.is_final_usage;
            }
            Dialect::OpenAi | Dialect::Management => {
                self.usage = usage_of_chunk(data).or(self.usage);
                self.is_usage_final = self.usage.is_some();
            }
        }
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

    fn reported(watch: &Watch) -> Option<(u64, u64)> {
        let Metered::Reported(usage) = watch.metered() else { return None };
        Some((usage.input, usage.output))
    }

    fn watched(chunks: &[&[u8]]) -> (Vec<u8>, Watch, Option<BackendError>) {
        let (mut watch, mut decoder, mut passed) = (Watch::chat(), Decoder::new(1000), Vec::new());
        for chunk in chunks {
            passed.extend(watch.take(&mut decoder, Bytes::copy_from_slice(chunk)).frames.concat());
            if watch.problem().is_some() {
                break;
            }
        }
        if watch.problem().is_none() {
            passed.extend(watch.end(decoder).concat());
        }
        let problem = watch.problem();
        (passed, watch, problem)
    }

    #[test]
    fn p48_bytes_pass_unaltered_however_they_are_cut() {
        for cut in 0..=STREAM.len() {
            for next in (cut..=STREAM.len()).step_by(7) {
                let (passed, watch, problem) = watched(&[&STREAM[..cut], &STREAM[cut..next], &STREAM[next..]]);
                assert_eq!((passed.as_slice(), problem), (STREAM, None), "{cut} {next}");
                assert!(watch.is_done());
                assert_eq!(reported(&watch), Some((3, 2)));
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
    fn an_anthropic_stream_ends_with_message_stop() {
        let stream = b"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":3}}}\n\n\
            event: message_delta\ndata: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":2}}\n\n\
            event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
        let (mut watch, mut decoder) = (Watch::messages(), Decoder::new(1000));
        let spoken = watch.take(&mut decoder, Bytes::from_static(stream));
        assert_eq!((spoken.frames.concat().as_slice(), spoken.progress), (stream.as_slice(), Progress::Done));
        assert_eq!(reported(&watch), Some((3, 2)));
    }

    #[test]
    fn an_end_mark_without_its_blank_line_is_an_end() {
        let (passed, watch, _) = watched(&[b"data: {}\n\ndata: [DONE]"]);
        assert_eq!(passed, b"data: {}\n\ndata: [DONE]");
        assert!(watch.is_done());
    }
}
