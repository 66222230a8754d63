//! A response while it is streamed: its state, which is the same in all dialects, and the order in which its writer
//! is called.

use bytes::BytesMut;

use super::outcome::{Interruption, Progress, StreamEnd, StreamOutcome};
use super::writer::{Finish, StreamWriter};
use crate::chat::completion::{Choice, Completion};
use crate::chat::stream::StreamEvent;
use crate::error::BackendError;
use crate::json::EscapedText;
use crate::usage::Usage;

pub(super) struct StreamedResponse {
    writer: Box<dyn StreamWriter>,
    phase: Phase,
    end_seen: End,
    usage: Option<Usage>,
    estimated_input_tokens: u64,
    finish: Finish,
    failure: Option<BackendError>,
    upstream_id: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Waiting,
    Streaming,
    Ended,
}

/// The part of the end that has been seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    /// No chunk yet.
    Nothing,
    Chunks,
    FinishReason,
    /// `[DONE]`, or the usage that comes after the finish reason.
    Everything,
}

impl StreamedResponse {
    pub(super) fn new(writer: Box<dyn StreamWriter>, estimated_input_tokens: u64) -> Self {
        Self {
            writer,
            phase: Phase::Waiting,
            end_seen: End::Nothing,
            usage: None,
            estimated_input_tokens,
            finish: Finish::default(),
            failure: None,
            upstream_id: None,
        }
    }

    pub(super) fn take(&mut self, event: StreamEvent<'_>, out: &mut BytesMut) {
        match event {
            _ if self.has_ended() => {}
            StreamEvent::Chunk(chunk) => self.chunk(chunk, out),
            StreamEvent::Done => self.done(out),
            StreamEvent::Failed(error) => self.fail(error, out),
        }
    }

    pub(super) fn commit(&mut self, out: &mut BytesMut) {
        if self.phase == Phase::Waiting {
            self.start(out);
            self.writer.ping(out);
        }
    }

    pub(super) fn ping(&mut self, out: &mut BytesMut) {
        if self.phase == Phase::Streaming {
            self.writer.ping(out);
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.phase == Phase::Ended
    }

    pub(super) fn progress(&self) -> Progress {
        match self.end_seen {
            _ if self.failure.is_some() => Progress::Failed,
            End::Nothing | End::Chunks => Progress::More,
            End::FinishReason => Progress::Closing,
            End::Everything => Progress::Done,
        }
    }

    pub(super) fn upstream_id(&self) -> Option<&str> {
        self.upstream_id.as_deref()
    }

    pub(super) fn finish(mut self, end: StreamEnd, out: &mut BytesMut) -> StreamOutcome {
        let ending = self.end(end, out);
        StreamOutcome {
            usage: self.usage_or_estimate(),
            usage_is_estimated: self.usage.is_none(),
            ending,
            nameless_calls: self.writer.received().nameless_calls,
            upstream_id: self.upstream_id,
        }
    }

    fn done(&mut self, out: &mut BytesMut) {
        if self.end_seen == End::Nothing {
            // An end without any chunk is no response.
            self.fail(BackendError::cut_short(), out);
        }
        self.end_seen = End::Everything;
    }

    fn chunk(&mut self, chunk: &Completion<'_>, out: &mut BytesMut) {
        let usage = chunk.usage();
        // Totals: the last one counts, nothing is added up.
        self.usage = usage.or(self.usage);
        if self.phase == Phase::Waiting {
            self.start(out);
        }
        self.end_seen = self.end_seen.max(End::Chunks);
        if self.upstream_id.is_none() {
            self.upstream_id = chunk.id();
        }
        if let Some(tier) = chunk.service_tier.and_then(EscapedText::of) {
            self.set_service_tier(tier.escaped());
        }
        match chunk.choice() {
            Some(choice) => self.choice(choice, out),
            None => self.end_seen = self.end_seen.after_usage(usage),
        }
    }

    fn choice(&mut self, choice: &Choice<'_>, out: &mut BytesMut) {
        // A backend that does not stream sends all in one `message`; some repeat it behind the deltas.
        let whole = || choice.message.as_ref().filter(|_| self.writer.received().is_empty());
        if let Some(delta) = choice.delta.as_ref().or_else(whole) {
            self.writer.delta(delta, out);
        }
        if let Some(reason) = choice.finish_reason() {
            self.finish.finish_reason = Some(reason.decode().into_owned());
            self.end_seen = self.end_seen.max(End::FinishReason);
        }
        if let Some(stop) = choice.matched_stop() {
            self.finish.matched_stop = Some(stop.decode().into_owned());
        }
    }

    /// Some backends repeat the tier in every chunk.
    fn set_service_tier(&mut self, tier: &str) {
        if self.finish.service_tier.as_deref() != Some(tier) {
            self.finish.service_tier = Some(tier.to_owned());
        }
    }

    fn start(&mut self, out: &mut BytesMut) {
        self.phase = Phase::Streaming;
        let estimate = Usage::estimate(self.estimated_input_tokens, 0);
        self.writer.start(self.usage.unwrap_or(estimate), out);
    }

    /// Ends with an error. If nothing was sent yet, nothing is: the error becomes an HTTP status.
    fn fail(&mut self, error: BackendError, out: &mut BytesMut) {
        if self.phase == Phase::Streaming {
            self.writer.fail(&error, out);
        }
        self.phase = Phase::Ended;
        self.failure = Some(error);
    }

    fn end(&mut self, end: StreamEnd, out: &mut BytesMut) -> Result<(), Interruption> {
        if let Some(error) = self.failure.take() {
            return Err(Interruption::Backend(error));
        }
        if matches!(self.end_seen, End::Nothing | End::Chunks) {
            let error = match end {
                StreamEnd::TimedOut => BackendError::timed_out(),
                StreamEnd::Closed | StreamEnd::Broken => BackendError::cut_short(),
            };
            self.fail(error.clone(), out);
            return Err(Interruption::CutShort(error));
        }
        self.writer.end_content(out);
        let usage = self.usage_or_estimate();
        self.writer.stop(&self.finish, usage, out).map_err(|error| {
            self.fail(error.clone(), out);
            Interruption::Backend(error)
        })?;
        self.phase = Phase::Ended;
        Ok(())
    }

    fn usage_or_estimate(&self) -> Usage {
        let estimate = || Usage::estimate(self.estimated_input_tokens, self.writer.received().text_bytes);
        self.usage.unwrap_or_else(estimate)
    }
}

impl End {
    /// Usage in a chunk of its own after the finish reason is the last thing that matters.
    fn after_usage(self, usage: Option<Usage>) -> Self {
        if self == Self::FinishReason && usage.is_some() {
            Self::Everything
        } else {
            self
        }
    }
}
