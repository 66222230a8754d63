//! A stream whose bytes are passed through: each event is validated, the end is recognised and the usage counted. Pure.

use std::borrow::Cow;

use bytes::Bytes;
use domain::models::RequestId;
use service::http::{ApiError, Dialect};
use translators::error::{BackendError, ErrorContext};
use translators::sse::{Decoder, Event};
use translators::stream::{Progress, Repairs, StreamEnd};

use super::model_name::ModelName;
use super::outcome::{StreamChunk, StreamEnding, TranslationLog};
use super::reshape;
use super::scan::{ChunkInfo, ChunkKind};
use super::template::LastTemplate;
use super::usage::StreamUsage;
use crate::patch::{Patch, Span, patched};

/// What is known of a response that is passed through before it comes.
#[derive(Clone, Debug)]
pub(crate) struct PassthroughContext {
    pub(crate) model_name: ModelName,
    /// True if the client has not asked for the usage at the end of a stream, but the gateway has.
    pub(crate) hides_usage: bool,
    /// True if several choices are generated side by side: the end of one is not that of the response.
    pub(crate) has_several_choices: bool,
    pub(crate) errors: ErrorContext,
    /// The most tokens that a count can mean (B7.4).
    pub(crate) context_window: Option<u64>,
}

impl PassthroughContext {
    /// For the model that the client knows as `name`.
    pub(crate) fn named(name: &str) -> Self {
        Self {
            model_name: ModelName::new(name),
            hides_usage: false,
            has_several_choices: false,
            errors: ErrorContext::default(),
            context_window: None,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Passthrough {
    dialect: Dialect,
    context: PassthroughContext,
    /// Bytes of the event whose end has not come yet.
    pending: usize,
    template: LastTemplate,
    usage: StreamUsage,
    has_begun: bool,
    /// The end was announced (B1.1).
    announces_end: bool,
    is_done: bool,
    /// The reason why nothing more is passed through.
    error: Option<BackendError>,
    has_invalid_utf8: bool,
}

/// What becomes of an event.
enum Action {
    Pass,
    /// The event is passed on with the patch, which may remove it.
    Patch(Patch),
    /// Neither the event nor what follows is passed on.
    Stop,
}

impl Passthrough {
    /// A stream of chat chunks, which ends with `[DONE]`.
    pub(crate) fn chat(context: PassthroughContext) -> Self {
        Self::new(Dialect::OpenAi, context)
    }

    /// A stream of Anthropic events, which ends with `message_stop`.
    pub(crate) fn messages(context: PassthroughContext) -> Self {
        Self::new(Dialect::Anthropic, context)
    }

    fn new(dialect: Dialect, context: PassthroughContext) -> Self {
        Self {
            dialect,
            usage: StreamUsage::new(context.context_window),
            context,
            pending: 0,
            template: LastTemplate::default(),
            has_begun: false,
            announces_end: false,
            is_done: false,
            error: None,
            has_invalid_utf8: false,
        }
    }

    /// Takes the next chunk, and gives the bytes of all events that are complete. Behind the end mark there are none
    /// (HA21).
    pub(crate) fn feed(&mut self, decoder: &mut Decoder, chunk: Bytes) -> StreamChunk {
        let (before, length) = (self.pending, chunk.len());
        let mut complete = 0;
        let (mut first, mut patches) = (None, Vec::new());
        decoder.feed(chunk.clone());
        for event in decoder.by_ref() {
            let Ok(event) = event else {
                self.error = Some(BackendError::unreadable());
                break;
            };
            match self.inspect(&event) {
                Action::Pass => {}
                Action::Patch(patch) => patches.push(patch.shifted(complete)),
                Action::Stop => break,
            }
            complete += event.raw.len();
            first.get_or_insert(event.raw);
        }
        self.pending = (before + length).saturating_sub(complete);
        StreamChunk {
            frames: patched_frames(frames(chunk, before, complete, first), &patches),
            progress: self.progress(),
        }
    }

    /// Takes what the body has left at its end: the last event, if it came without its blank line (B1.5), or a whole
    /// response that came in place of a stream (B9.1).
    pub(super) fn close(&mut self, decoder: &mut Decoder) -> StreamChunk {
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

    /// The frame that shows in a silence that the stream is alive.
    pub(super) fn ping(&self) -> Bytes {
        match self.dialect {
            Dialect::Anthropic => Bytes::from_static(b"event: ping\ndata: {\"type\":\"ping\"}\n\n"),
            Dialect::OpenAi | Dialect::Management => Bytes::from_static(b": keep-alive\n\n"),
        }
    }

    /// True once an event with data was passed on: comments alone begin no response.
    pub(super) fn has_begun(&self) -> bool {
        self.has_begun
    }

    pub(super) fn finish(mut self, mut decoder: Decoder, end: StreamEnd, id: &RequestId) -> StreamEnding {
        let mut frames = self.close(&mut decoder).frames;
        let result = match (self.error.take(), self.has_begun) {
            (Some(error), _) => Err(error),
            (None, true) if self.is_done => Ok(()),
            // An orderly end without its mark, which the client gets (B1.4).
            (None, true) if self.announces_end => {
                frames.push(self.end_mark());
                Ok(())
            }
            (None, _) if end == StreamEnd::TimedOut => Err(BackendError::timed_out()),
            (None, _) => Err(BackendError::cut_short()),
        };
        if let Err(error) = &result {
            frames.push(error_event(error, self.dialect, id));
        }
        StreamEnding {
            frames,
            usage: self.usage.report(),
            delivered: self.has_begun,
            result,
            translation: TranslationLog {
                repairs: Repairs {
                    invalid_utf8: self.has_invalid_utf8,
                    ..Repairs::default()
                },
                ..TranslationLog::default()
            },
        }
    }

    fn end_mark(&self) -> Bytes {
        match self.dialect {
            Dialect::Anthropic => Bytes::from_static(b"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"),
            Dialect::OpenAi | Dialect::Management => Bytes::from_static(b"data: [DONE]\n\n"),
        }
    }

    /// The last event with the line ends that it lacks. What cannot be read broke off, and is no event.
    fn take_open(&mut self, event: Event) -> Vec<Bytes> {
        let is_torn = |data: &[u8]| !event.is_done() && ChunkInfo::of(data).kind == ChunkKind::Malformed;
        if event.data().is_some_and(is_torn) {
            return Vec::new();
        }
        let mut frames = match self.inspect(&event) {
            Action::Pass => vec![event.raw.clone()],
            Action::Patch(patch) => patched_frames(vec![event.raw.clone()], &[patch]),
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
            ChunkKind::Content => reshape::stream_of(self.dialect, &body, &info, &self.context),
            ChunkKind::End | ChunkKind::Nothing | ChunkKind::Malformed => Err(BackendError::unreadable()),
        };
        match stream {
            Ok(stream) => {
                self.usage.add_body(self.dialect, info, body.as_bytes());
                (self.has_begun, self.is_done) = (true, true);
                vec![stream]
            }
            Err(error) => {
                self.error = Some(error);
                Vec::new()
            }
        }
    }

    fn is_over(&self) -> bool {
        self.is_done || self.error.is_some()
    }

    fn progress(&self) -> Progress {
        match &self.error {
            Some(_) => Progress::Failed,
            None if self.is_done => Progress::Done,
            None if self.announces_end && !self.context.has_several_choices => Progress::Closing,
            None => Progress::More,
        }
    }

    fn inspect(&mut self, event: &Event) -> Action {
        if self.is_over() {
            return Action::Stop;
        }
        let Some(data) = event.data().filter(|data| !data.is_empty()) else {
            return Action::Pass;
        };
        if event.is_done() {
            return self.take_end_mark();
        }
        let info = self.template.scan(data);
        match info.kind {
            _ if event.is_error() => self.fail(data),
            ChunkKind::Error => self.fail(data),
            ChunkKind::Malformed => return self.take_unreadable(event, data),
            ChunkKind::Nothing => return Action::Pass,
            ChunkKind::End => self.is_done = self.dialect == Dialect::Anthropic,
            ChunkKind::Content => {
                self.announces_end |= info.announces_end;
                self.usage.add(self.dialect, info, data);
            }
        }
        if self.error.is_some() {
            return Action::Stop;
        }
        self.has_begun = true;
        if self.context.hides_usage && info.is_usage_only {
            return Action::Patch(Patch::remove(Span::first(event.raw.len())));
        }
        self.rename(event, data, &info).map_or(Action::Pass, Action::Patch)
    }

    /// `[DONE]` alone is no response (B1.5). In a stream of another dialect it says nothing.
    fn take_end_mark(&mut self) -> Action {
        if self.dialect == Dialect::Anthropic {
            return Action::Pass;
        }
        if !self.has_begun {
            self.error = Some(BackendError::cut_short());
            return Action::Stop;
        }
        self.is_done = true;
        Action::Pass
    }

    fn fail(&mut self, data: &[u8]) {
        self.error = Some(BackendError::from_error_object(data, &self.context.errors));
    }

    /// Bytes that are no UTF-8 become U+FFFD (B5.3); all else that cannot be read is an error.
    fn take_unreadable(&mut self, event: &Event, data: &[u8]) -> Action {
        if let Cow::Owned(text) = String::from_utf8_lossy(data) {
            let info = ChunkInfo::of(text.as_bytes());
            if info.kind == ChunkKind::Content {
                (self.has_begun, self.has_invalid_utf8) = (true, true);
                self.announces_end |= info.announces_end;
                self.usage.add(self.dialect, info, text.as_bytes());
                return Action::Patch(match Span::of(data, &event.raw) {
                    Ok(span) => Patch::replace(span, self.context.model_name.apply(text.into(), &info)),
                    // Its data has several lines, and was joined.
                    Err(_) => {
                        let event_text = String::from_utf8_lossy(&event.raw).into_owned();
                        Patch::replace(Span::first(event.raw.len()), event_text)
                    }
                });
            }
        }
        self.error = Some(BackendError::unreadable());
        Action::Stop
    }

    /// The patch that writes the client's name of the model into an event. An event whose data has several lines keeps
    /// the backend's name: its data was joined, and is no slice of the event.
    fn rename(&self, event: &Event, data: &[u8], info: &ChunkInfo) -> Option<Patch> {
        let offset = Span::of(data, &event.raw).ok()?.range().start;
        Some(self.context.model_name.patch(data, info)?.shifted(offset))
    }
}

/// The first `complete` bytes of `before` bytes that were pending and of `chunk`: slices of the chunk where possible.
/// `first` is the first complete event, which may have begun in an earlier chunk.
fn frames(chunk: Bytes, before: usize, complete: usize, first: Option<Bytes>) -> Vec<Bytes> {
    match first {
        None => Vec::new(),
        Some(_) if before == 0 => vec![chunk.slice(..complete)],
        Some(first) => {
            let rest = chunk.slice(first.len() - before..complete - before);
            if rest.is_empty() {
                vec![first]
            } else {
                vec![first, rest]
            }
        }
    }
}

/// The frames themselves where there is no patch; else all of them in one, with the patches.
fn patched_frames(frames: Vec<Bytes>, patches: &[Patch]) -> Vec<Bytes> {
    if patches.is_empty() {
        return frames;
    }
    let text = patched(&frames.concat(), patches);
    if text.is_empty() { Vec::new() } else { vec![text] }
}

/// An error event within a stream of `dialect`: the backend's own object where it is one of that dialect (B6.6).
fn error_event(error: &BackendError, dialect: Dialect, id: &RequestId) -> Bytes {
    let own = || ApiError::from(error.clone()).body(dialect, id);
    let data = match &error.object {
        Some((of, object)) if *of == dialect => object.to_string(),
        _ => own().to_string(),
    };
    match dialect {
        Dialect::Anthropic => format!("event: error\ndata: {data}\n\n"),
        Dialect::OpenAi | Dialect::Management => format!("data: {data}\n\n"),
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::super::usage::UsageReport;
    use super::*;

    const STREAM: &[u8] =
        b"data: {\"choices\":[]}\n\n: ping\n\ndata: {\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\r\n\r\ndata: [DONE]\n\n";

    fn chat(hides_usage: bool) -> Passthrough {
        Passthrough::chat(PassthroughContext {
            hides_usage,
            ..PassthroughContext::named("m")
        })
    }

    fn reported(passthrough: &Passthrough) -> Option<(u64, u64)> {
        let UsageReport::Reported(usage) = passthrough.usage.report() else {
            return None;
        };
        Some((usage.input, usage.output))
    }

    fn passed(chunks: &[&[u8]]) -> (Vec<u8>, Passthrough, Option<BackendError>) {
        passed_by(chat(false), chunks)
    }

    fn passed_by(mut passthrough: Passthrough, chunks: &[&[u8]]) -> (Vec<u8>, Passthrough, Option<BackendError>) {
        let (mut decoder, mut passed) = (Decoder::new(1000), Vec::new());
        for chunk in chunks {
            passed.extend(
                passthrough
                    .feed(&mut decoder, Bytes::copy_from_slice(chunk))
                    .frames
                    .concat(),
            );
            if passthrough.error.is_some() {
                break;
            }
        }
        if passthrough.error.is_none() {
            passed.extend(passthrough.close(&mut decoder).frames.concat());
        }
        let error = passthrough.error.clone();
        (passed, passthrough, error)
    }

    #[test]
    fn p48_bytes_pass_unaltered_however_they_are_cut() {
        for cut in 0..=STREAM.len() {
            for next in (cut..=STREAM.len()).step_by(7) {
                let (bytes, passthrough, error) = passed(&[&STREAM[..cut], &STREAM[cut..next], &STREAM[next..]]);
                assert_eq!((bytes.as_slice(), error), (STREAM, None), "{cut} {next}");
                assert!(passthrough.is_done);
                assert_eq!(reported(&passthrough), Some((3, 2)));
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
                    let (bytes, passthrough, error) =
                        passed_by(chat(true), &[&stream[..cut], &stream[cut..next], &stream[next..]]);
                    assert_eq!(
                        (String::from_utf8(bytes).unwrap(), error),
                        (expected.clone(), None),
                        "{cut} {next}"
                    );
                    assert_eq!(reported(&passthrough), Some((3, 2)));
                }
            }
        }
        let without_blank_line = [HEAD, USAGE.trim_end()].concat();
        assert_eq!(
            passed_by(chat(true), &[without_blank_line.as_bytes()]).0,
            HEAD.as_bytes()
        );
        assert_eq!(
            passed_by(chat(false), &[without_blank_line.as_bytes()]).0,
            [&without_blank_line, "\n\n"].concat().as_bytes()
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
            assert_eq!(String::from_utf8(passed(&[head, tail]).0).unwrap(), expected, "{cut}");
        }
        assert_eq!(
            passed(&[FOREIGN.trim_end().as_bytes()]).0,
            [RENAMED.trim_end(), "\n\n"].concat().as_bytes()
        );
    }

    #[test]
    fn p44_the_usage_of_a_stream_that_reports_none_is_estimated_from_its_text() {
        let (_, passthrough, _) =
            passed(&[b"data: {\"choices\":[{\"delta\":{\"content\":\"12345678\"}}]}\n\ndata: [DONE]\n\n"]);
        assert_eq!(
            (
                passthrough.usage.report().is_estimated(),
                passthrough.usage.report().usage(7).input,
                passthrough.usage.report().usage(7).output
            ),
            (true, 7, 2)
        );
    }

    #[test]
    fn p50_a_malformed_event_is_not_passed_on() {
        let (bytes, passthrough, error) = passed(&[
            b"data: {\"choices\":[]}\n\ndata: {\"cho",
            b"ices\":\n\ndata: [DONE]\n\n",
        ]);
        assert_eq!(bytes, b"data: {\"choices\":[]}\n\n");
        assert!(error.is_some() && !passthrough.is_done);
        assert!(passed(&[b"<html>\n\n", b"data: <html>\n\n"]).2.is_some());
    }

    #[test]
    fn an_error_object_is_an_error_and_keeps_its_message() {
        let (_, _, error) = passed(&[b"data: {\"error\":{\"message\":\"slow down\",\"code\":429}}\n\n"]);
        assert_eq!(error.unwrap().message.as_str(), "slow down");
    }

    #[test]
    fn an_anthropic_stream_ends_with_message_stop() {
        let stream = b"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":3}}}\n\n\
            event: message_delta\ndata: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":2}}\n\n\
            event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
        let (mut passthrough, mut decoder) = (
            Passthrough::messages(PassthroughContext::named("m")),
            Decoder::new(1000),
        );
        let converted = passthrough.feed(&mut decoder, Bytes::from_static(stream));
        assert_eq!(
            (converted.frames.concat().as_slice(), converted.progress),
            (stream.as_slice(), Progress::Done)
        );
        assert_eq!(reported(&passthrough), Some((3, 2)));
    }

    #[test]
    fn b1_5_an_end_mark_without_its_blank_line_is_an_end_and_gets_it() {
        let (bytes, passthrough, _) = passed(&[b"data: {}\n\ndata: [DONE]"]);
        assert_eq!(bytes, b"data: {}\n\ndata: [DONE]\n\n");
        assert!(passthrough.is_done);
    }
}
