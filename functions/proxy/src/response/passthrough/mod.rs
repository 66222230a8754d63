//! A stream whose bytes are passed through: each event is validated, the end is recognised and the usage counted. Pure.

mod action;
mod last;
mod lossy;
mod numbering;
mod response_event;
mod responses;
mod stored;

use std::borrow::Cow;
use std::mem;

use bytes::Bytes;
use domain::models::RequestId;
use serde::Deserialize;
use service::http::Dialect;
use translators::directions::ApiDialect;
use translators::error::BackendError;
use translators::responses::lifecycle::Lifecycle;
use translators::sse::{Decoder, Event};
use translators::stream::{Progress, Repairs, StreamEnd};

use self::action::Action;
use self::numbering::Numbering;
use self::stored::StoredStream;
use crate::patch::{Patch, Span};
use crate::response::beginning::sign_of_life;
use crate::response::context::PassthroughContext;
use crate::response::frames::{error_event, frames, patched_frames};
use crate::response::outcome::{StreamChunk, StreamEnding, TranslationLog};
use crate::response::scan::{ChunkInfo, ChunkKind};
use crate::response::template::LastTemplate;
use crate::response::usage::StreamUsage;

#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of the stream that holds without the others"
)]
pub(crate) struct Passthrough {
    dialect: ApiDialect,
    context: PassthroughContext,
    /// The numbers and the id of a Responses stream.
    numbering: Numbering,
    /// The response, if it is to be stored.
    stored: Option<StoredStream>,
    /// True until `message_start` has come, if the client has got one already.
    drops_start: bool,
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

impl Passthrough {
    /// A stream of chat chunks, which ends with `[DONE]`.
    pub(crate) fn chat(context: PassthroughContext) -> Self {
        Self::new(ApiDialect::Chat, context)
    }

    /// A stream of Anthropic events, which ends with `message_stop`.
    pub(crate) fn messages(context: PassthroughContext) -> Self {
        Self::new(ApiDialect::Messages, context)
    }

    /// A stream of a response's events, which ends with the one that tells how the response ended. To its client the
    /// response is `lifecycle` as long as no backend has a part in it.
    pub(crate) fn responses(context: PassthroughContext, lifecycle: Lifecycle) -> Self {
        Self {
            stored: StoredStream::of(&lifecycle, &context.model_name),
            numbering: Numbering::of(lifecycle),
            ..Self::new(ApiDialect::Responses, context)
        }
    }

    fn new(dialect: ApiDialect, context: PassthroughContext) -> Self {
        Self {
            dialect,
            usage: StreamUsage::new(context.context_window),
            context,
            numbering: Numbering::default(),
            stored: None,
            drops_start: false,
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
                Action::Patch(of_event) => patches.extend(of_event.into_iter().map(|patch| patch.shifted(complete))),
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

    /// The frame that shows in a silence that the stream is alive.
    pub(super) fn ping(&mut self) -> Bytes {
        let in_progress = self.numbering.sign_of_life(&self.context.model_name);
        in_progress.unwrap_or_else(|| sign_of_life(self.error_dialect()))
    }

    /// Goes on with a response whose beginning the client has already: `message_start` is not passed on.
    pub(super) fn continue_begun(&mut self) {
        self.drops_start = self.dialect == ApiDialect::Messages && !self.has_begun;
        if self.dialect == ApiDialect::Responses && !self.has_begun {
            self.numbering.continue_begun();
        }
    }

    /// True once an event with data was passed on: comments alone begin no response.
    pub(super) fn has_begun(&self) -> bool {
        self.has_begun
    }

    pub(super) fn finish(mut self, mut decoder: Decoder, end: StreamEnd, id: &RequestId) -> StreamEnding {
        let mut frames = self.close(&mut decoder).frames;
        frames.extend(self.stored.take().and_then(StoredStream::into_end));
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
            frames.extend(self.error_event(error, id));
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
            ApiDialect::Messages => Bytes::from_static(b"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"),
            ApiDialect::Chat | ApiDialect::Responses => Bytes::from_static(b"data: [DONE]\n\n"),
        }
    }

    /// The form of errors.
    fn error_dialect(&self) -> Dialect {
        match self.dialect {
            ApiDialect::Messages => Dialect::Anthropic,
            ApiDialect::Chat | ApiDialect::Responses => Dialect::OpenAi,
        }
    }

    /// The event that ends the stream with an error, unless the backend's own was passed on.
    fn error_event(&mut self, error: &BackendError, id: &RequestId) -> Option<Bytes> {
        if self.dialect == ApiDialect::Responses {
            return self.numbering.failed(&self.context.model_name, error);
        }
        Some(error_event(error, self.error_dialect(), id))
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
        if self.dialect == ApiDialect::Responses {
            return self.inspect_response(event, data);
        }
        let info = self.template.scan(data);
        match info.kind {
            _ if event.is_error() => self.fail(data),
            ChunkKind::Error => self.fail(data),
            ChunkKind::Malformed => return self.take_unreadable(event, data),
            ChunkKind::Nothing => return Action::Pass,
            ChunkKind::End => self.is_done = self.dialect == ApiDialect::Messages,
            ChunkKind::Content => {
                self.announces_end |= info.announces_end;
                self.usage.add(self.dialect, info, data);
            }
        }
        if self.error.is_some() {
            return Action::Stop;
        }
        self.has_begun = true;
        if mem::take(&mut self.drops_start) && is_message_start(data) {
            return Action::remove(event);
        }
        if self.context.hides_usage && info.is_usage_only {
            return Action::remove(event);
        }
        self.rename(event, data, &info)
            .map_or(Action::Pass, |patch| Action::Patch(vec![patch]))
    }

    /// `[DONE]` alone is no response (B1.5). In a stream of another dialect it says nothing.
    fn take_end_mark(&mut self) -> Action {
        if self.dialect != ApiDialect::Chat {
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

    /// The patch that writes the client's name of the model into an event. An event whose data has several lines keeps
    /// the backend's name: its data was joined, and is no slice of the event.
    fn rename(&self, event: &Event, data: &[u8], info: &ChunkInfo) -> Option<Patch> {
        let offset = Span::of(data, &event.raw).ok()?.range().start;
        Some(self.context.model_name.patch(data, info)?.shifted(offset))
    }
}

fn is_message_start(data: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Kind<'a> {
        #[serde(borrow, rename = "type")]
        kind: Cow<'a, str>,
    }
    serde_json::from_slice::<Kind<'_>>(data).is_ok_and(|event| event.kind == "message_start")
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
