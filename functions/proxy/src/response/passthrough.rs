//! What must be known of a stream that is passed on as it is: that each event is one, that the end is the end, and
//! what was used. Pure.

use bytes::Bytes;
use service::http::Dialect;
use translators::error::BackendError;
use translators::messages::stream::Progress;
use translators::sse::{Decoder, Event};

use super::model_name::{Edit, Naming, edited};
use super::scan::{ChunkInfo, Kind, Span};
use super::stream::Spoken;
use super::template::Likeness;
use crate::response::usage::{Metered, Tally};

/// Reads a stream in passing.
#[derive(Debug)]
pub(crate) struct Watch {
    dialect: Dialect,
    naming: Naming,
    hides_usage: bool,
    /// Bytes of the event that has not ended yet.
    pending: usize,
    likeness: Likeness,
    tally: Tally,
    has_begun: bool,
    is_done: bool,
    /// Why nothing more is passed on.
    problem: Option<BackendError>,
}

/// What becomes of an event.
enum Action {
    Pass,
    /// It is passed on in other words, or not at all.
    Change(Edit),
    /// Neither it nor what follows is passed on.
    Stop,
}

impl Watch {
    /// Of a stream of chat chunks, which ends with `[DONE]`. The chunk that tells nothing but usage may be kept back.
    pub(crate) fn chat(naming: Naming, hides_usage: bool) -> Self {
        Self {
            hides_usage,
            ..Self::new(Dialect::OpenAi, naming)
        }
    }

    /// Of a stream of Anthropic events, which ends with `message_stop`.
    pub(crate) fn messages(naming: Naming) -> Self {
        Self::new(Dialect::Anthropic, naming)
    }

    fn new(dialect: Dialect, naming: Naming) -> Self {
        let tally = Tally::default();
        Self {
            dialect,
            naming,
            hides_usage: false,
            pending: 0,
            likeness: Likeness::default(),
            tally,
            has_begun: false,
            is_done: false,
            problem: None,
        }
    }

    /// Takes the next chunk. What comes back are its bytes, without the event that is not whole yet.
    pub(crate) fn take(&mut self, decoder: &mut Decoder, chunk: Bytes) -> Spoken {
        let (before, length) = (self.pending, chunk.len());
        let mut whole = 0;
        let (mut first, mut edits) = (None, Vec::new());
        decoder.feed(chunk.clone());
        for event in decoder.by_ref() {
            let Ok(event) = event else {
                self.problem = Some(BackendError::unreadable());
                break;
            };
            match self.judge(&event) {
                Action::Pass => {}
                Action::Change(edit) => edits.push(edit.behind(whole)),
                Action::Stop => break,
            }
            whole += event.raw.len();
            first.get_or_insert(event.raw);
        }
        self.pending = (before + length).saturating_sub(whole);
        let progress = match (&self.problem, self.is_done) {
            (Some(_), _) => Progress::Failed,
            (None, true) => Progress::Done,
            (None, false) => Progress::More,
        };
        Spoken {
            frames: with(frames(chunk, before, whole, first), &edits),
            progress,
        }
    }

    /// Takes what the stream ended with: an event without its blank line, or nothing.
    pub(crate) fn end(&mut self, decoder: Decoder) -> Vec<Bytes> {
        let last = if self.problem.is_none() { decoder.finish() } else { None };
        let Some(event) = last else { return Vec::new() };
        match self.judge(&event) {
            Action::Pass => vec![event.raw],
            Action::Change(edit) => with(vec![event.raw], &[edit]),
            Action::Stop => Vec::new(),
        }
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
        self.tally.metered()
    }

    pub(crate) fn problem(&self) -> Option<BackendError> {
        self.problem.clone()
    }

    /// What becomes of the event.
    fn judge(&mut self, event: &Event) -> Action {
        let Some(data) = event.data() else { return Action::Pass };
        if event.is_done() {
            (self.has_begun, self.is_done) = (true, true);
            return Action::Pass;
        }
        let finding = self.likeness.find(data);
        match finding.kind {
            Kind::Garbage => self.problem = Some(BackendError::unreadable()),
            Kind::Error => self.problem = Some(BackendError::from_error_object(data)),
            Kind::End => self.is_done = self.dialect == Dialect::Anthropic,
            Kind::Answer => self.tally.add(self.dialect, finding, data),
        }
        self.has_begun |= self.problem.is_none();
        match &self.problem {
            Some(_) => Action::Stop,
            // Only we have asked for it.
            None if self.hides_usage && finding.is_usage_only => Action::Change(Edit::cut(0..event.raw.len())),
            None => self.renamed(event, data, &finding).map_or(Action::Pass, Action::Change),
        }
    }

    /// Data of several lines keeps the backend's name: it is no part of the event as it came.
    fn renamed(&self, event: &Event, data: &[u8], finding: &ChunkInfo) -> Option<Edit> {
        let offset = Span::of(data, &event.raw)?.range().start;
        Some(self.naming.edit(data, finding)?.behind(offset))
    }
}

/// The first `whole` bytes of the stream's `before` held bytes and `chunk`: the chunk's own bytes where they can be.
fn frames(chunk: Bytes, before: usize, whole: usize, first: Option<Bytes>) -> Vec<Bytes> {
    match first {
        None => Vec::new(),
        Some(_) if before == 0 => vec![chunk.slice(..whole)],
        Some(first) => {
            let rest = chunk.slice(first.len() - before..whole - before);
            if rest.is_empty() {
                vec![first]
            } else {
                vec![first, rest]
            }
        }
    }
}

/// The bytes of all `frames` together with the edits; the frames themselves where there is nothing to edit.
fn with(frames: Vec<Bytes>, edits: &[Edit]) -> Vec<Bytes> {
    if edits.is_empty() {
        return frames;
    }
    let text = edited(&frames.concat(), edits);
    if text.is_empty() { Vec::new() } else { vec![text] }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &[u8] =
        b"data: {\"choices\":[]}\n\n: ping\n\ndata: {\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\r\n\r\ndata: [DONE]\n\n";

    fn chat(hides_usage: bool) -> Watch {
        Watch::chat(Naming::new("m"), hides_usage)
    }

    fn reported(watch: &Watch) -> Option<(u64, u64)> {
        let Metered::Reported(usage) = watch.metered() else {
            return None;
        };
        Some((usage.input, usage.output))
    }

    fn watched(chunks: &[&[u8]]) -> (Vec<u8>, Watch, Option<BackendError>) {
        watched_by(chat(false), chunks)
    }

    fn watched_by(mut watch: Watch, chunks: &[&[u8]]) -> (Vec<u8>, Watch, Option<BackendError>) {
        let (mut decoder, mut passed) = (Decoder::new(1000), Vec::new());
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
    fn usage_that_only_we_asked_for_is_taken_out_to_the_byte() {
        const HEAD: &str = ": hi\r\n\r\ndata: {\"choices\":[],\"prompt_filter_results\":[]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":null}\n\n";
        const USAGE: &str = "data: {\"choices\": [ ],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\n";
        const TAIL: &str =
            "data: {\"choices\":[{}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n";
        for end in ["", TAIL] {
            let stream = [HEAD, USAGE, end].concat();
            let (stream, expected) = (stream.as_bytes(), [HEAD, end].concat());
            for cut in 0..=stream.len() {
                for next in (cut..=stream.len()).step_by(11) {
                    let (passed, watch, problem) =
                        watched_by(chat(true), &[&stream[..cut], &stream[cut..next], &stream[next..]]);
                    assert_eq!(
                        (String::from_utf8(passed).unwrap(), problem),
                        (expected.clone(), None),
                        "{cut} {next}"
                    );
                    assert_eq!(reported(&watch), Some((3, 2)));
                }
            }
        }
        let without_blank_line = [HEAD, USAGE.trim_end()].concat();
        assert_eq!(
            watched_by(chat(true), &[without_blank_line.as_bytes()]).0,
            HEAD.as_bytes()
        );
        assert_eq!(
            watched_by(chat(false), &[without_blank_line.as_bytes()]).0,
            without_blank_line.as_bytes()
        );
    }

    #[test]
    fn the_backends_name_of_the_model_is_replaced_however_the_stream_is_cut() {
        const NAMED: &str = "data: {\"model\":\"m\",\"choices\":[]}\n\n";
        const FOREIGN: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"model\": \"/srv/m-awq\"}\r\n\r\n";
        const RENAMED: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"model\": \"m\"}\r\n\r\n";
        let (stream, expected) = ([FOREIGN, NAMED, FOREIGN].concat(), [RENAMED, NAMED, RENAMED].concat());
        for cut in 0..=stream.len() {
            let (head, tail) = stream.as_bytes().split_at(cut);
            assert_eq!(String::from_utf8(watched(&[head, tail]).0).unwrap(), expected, "{cut}");
        }
        assert_eq!(
            watched(&[FOREIGN.trim_end().as_bytes()]).0,
            RENAMED.trim_end().as_bytes()
        );
    }

    #[test]
    fn p44_a_stream_without_usage_is_measured_by_its_text() {
        let (_, watch, _) =
            watched(&[b"data: {\"choices\":[{\"delta\":{\"content\":\"12345678\"}}]}\n\ndata: [DONE]\n\n"]);
        assert_eq!(
            (
                watch.metered().is_estimated(),
                watch.metered().usage(7).input,
                watch.metered().usage(7).output
            ),
            (true, 7, 2)
        );
    }

    #[test]
    fn p50_a_malformed_event_is_not_passed_on() {
        let (passed, watch, problem) = watched(&[
            b"data: {\"choices\":[]}\n\ndata: {\"cho",
            b"ices\":\n\ndata: [DONE]\n\n",
        ]);
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
        let (mut watch, mut decoder) = (Watch::messages(Naming::new("m")), Decoder::new(1000));
        let spoken = watch.take(&mut decoder, Bytes::from_static(stream));
        assert_eq!(
            (spoken.frames.concat().as_slice(), spoken.progress),
            (stream.as_slice(), Progress::Done)
        );
        assert_eq!(reported(&watch), Some((3, 2)));
    }

    #[test]
    fn an_end_mark_without_its_blank_line_is_an_end() {
        let (passed, watch, _) = watched(&[b"data: {}\n\ndata: [DONE]"]);
        assert_eq!(passed, b"data: {}\n\ndata: [DONE]");
        assert!(watch.is_done());
    }
}
