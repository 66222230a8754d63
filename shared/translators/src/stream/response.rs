//! A response while it is streamed: its state, which is the same in all dialects, and the order in which its writer
//! is called.

use bytes::BytesMut;

use super::outcome::{Interruption, Progress, Repairs, StreamEnd, StreamOutcome};
use super::writer::{Finish, StreamWriter};
use crate::chat::completion::{Choice, Completion};
use crate::chat::finish_reason::is_unknown;
use crate::chat::stream::StreamEvent;
use crate::context::ResponseContext;
use crate::error::{BackendError, CleanedMessage, Secrets};
use crate::json::EscapedText;
use crate::usage::{ServedTier, Usage};

pub(super) struct StreamedResponse {
    writer: Box<dyn StreamWriter>,
    phase: Phase,
    end_seen: End,
    usage: Option<Usage>,
    /// Told beside the usage, or before it.
    tier: Option<ServedTier>,
    facts: ResponseFacts,
    finish: Finish,
    failure: Option<BackendError>,
    upstream_id: Option<String>,
    invalid_utf8: bool,
    skipped_item: Option<CleanedMessage>,
}

/// What is known of a response before it comes.
#[derive(Debug, Clone, Default)]
pub(crate) struct ResponseFacts {
    /// Reported where the backend reports no usage.
    estimated_input_tokens: u64,
    /// The most tokens that a count can mean (B7.4).
    context_window: Option<u64>,
    secrets: Secrets,
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
    /// It announces the end, and is not the end (B1.1).
    FinishReason,
    Mark,
}

impl ResponseFacts {
    pub(crate) fn of(context: &ResponseContext) -> Self {
        Self {
            estimated_input_tokens: context.estimated_input_tokens,
            context_window: context.context_window,
            secrets: context.errors.secrets.clone(),
        }
    }
}

impl StreamedResponse {
    pub(super) fn new(writer: Box<dyn StreamWriter>, facts: ResponseFacts) -> Self {
        Self {
            writer,
            phase: Phase::Waiting,
            end_seen: End::Nothing,
            usage: None,
            tier: None,
            facts,
            finish: Finish::default(),
            failure: None,
            upstream_id: None,
            invalid_utf8: false,
            skipped_item: None,
        }
    }

    pub(super) fn take(&mut self, event: StreamEvent<'_>, out: &mut BytesMut) {
        match event {
            _ if self.has_ended() => {}
            StreamEvent::Chunk(chunk) => self.chunk(chunk, out),
            StreamEvent::Usage(usage) => self.usage.get_or_insert_default().update(usage),
            StreamEvent::Details(entry) => {
                self.begin(out);
                self.writer.details(entry, out);
            }
            StreamEvent::Alive => self.ping(out),
            StreamEvent::Done => self.done(out),
            StreamEvent::Failed(error) => self.fail(error, out),
            StreamEvent::InvalidUtf8 => self.invalid_utf8 = true,
            StreamEvent::Skipped(kind) => {
                self.skipped_item.get_or_insert_with(|| self.facts.secrets.clean(kind));
            }
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

    pub(super) fn has_chunks(&self) -> bool {
        self.end_seen != End::Nothing && self.failure.is_none()
    }

    /// Nothing more is read: after an error, and behind the end mark.
    pub(super) fn has_ended(&self) -> bool {
        self.phase == Phase::Ended || self.end_seen == End::Mark
    }

    pub(super) fn progress(&self) -> Progress {
        match self.end_seen {
            _ if self.failure.is_some() => Progress::Failed,
            End::Nothing | End::Chunks => Progress::More,
            End::FinishReason => Progress::Closing,
            End::Mark => Progress::Done,
        }
    }

    pub(super) fn upstream_id(&self) -> Option<&str> {
        self.upstream_id.as_deref()
    }

    pub(super) fn finish(mut self, end: StreamEnd, out: &mut BytesMut) -> StreamOutcome {
        let ending = self.end(end, out);
        let (usage, usage_is_estimated) = self.usage_at(ending.is_ok());
        let received = self.writer.received();
        let unknown = self.finish.finish_reason.as_deref().filter(|reason| is_unknown(reason));
        StreamOutcome {
            usage,
            usage_is_estimated,
            ending,
            nameless_calls: received.nameless_calls,
            repairs: Repairs {
                invalid_utf8: self.invalid_utf8,
                junk_behind_arguments: received.junk_behind_arguments,
                unsealed_reasoning: received.unsealed_reasoning,
                unknown_finish_reason: unknown.map(|reason| self.facts.secrets.clean(reason)),
                absurd_usage: self
                    .usage
                    .is_some_and(|usage| usage.is_absurd(self.facts.context_window)),
                skipped_item: self.skipped_item,
            },
            upstream_id: self.upstream_id,
        }
    }

    fn done(&mut self, out: &mut BytesMut) {
        if self.end_seen == End::Nothing {
            // An end without any chunk is no response (B1.5).
            self.fail(BackendError::cut_short(), out);
        }
        self.end_seen = End::Mark;
    }

    fn chunk(&mut self, chunk: &Completion<'_>, out: &mut BytesMut) {
        if let Some(usage) = chunk.usage() {
            self.usage.get_or_insert_default().update(usage);
        }
        self.begin(out);
        if self.upstream_id.is_none() {
            self.upstream_id = chunk.id().filter(|id| !self.facts.secrets.are_in(id));
        }
        self.tier = chunk.tier().or(self.tier);
        if let Some(choice) = chunk.choice() {
            self.choice(choice, out);
        }
    }

    /// Begins the response if it has not begun: something has come that is no error.
    fn begin(&mut self, out: &mut BytesMut) {
        if self.phase == Phase::Waiting {
            self.start(out);
        }
        self.end_seen = self.end_seen.max(End::Chunks);
    }

    fn choice(&mut self, choice: &Choice<'_>, out: &mut BytesMut) {
        // A backend that does not stream sends all in one `message`; some repeat it behind the deltas.
        match (&choice.delta.0, choice.message()) {
            (Some(delta), _) => self.writer.delta(delta, out),
            (None, Some(message)) if self.writer.received().is_empty() => self.writer.message(message, out),
            (None, _) => {}
        }
        if let Some(reason) = choice.finish_reason() {
            self.set_finish_reason(reason);
        }
        if let Some(stop) = choice.matched_stop() {
            self.finish.matched_stop = Some(stop.decode().into_owned());
        }
    }

    /// Some backends set it on every chunk.
    fn set_finish_reason(&mut self, reason: EscapedText<'_>) {
        if self.finish.finish_reason.as_deref() != Some(reason.escaped()) {
            self.finish.finish_reason = Some(reason.decode().into_owned());
        }
        self.end_seen = self.end_seen.max(End::FinishReason);
    }

    fn start(&mut self, out: &mut BytesMut) {
        self.phase = Phase::Streaming;
        let (usage, _) = self.usage();
        self.writer.start(usage, out);
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
        let (usage, _) = self.usage();
        self.writer.stop(&self.finish, usage, out).map_err(|error| {
            self.fail(error.clone(), out);
            Interruption::Backend(error)
        })?;
        self.phase = Phase::Ended;
        Ok(())
    }

    /// The usage of a response that is over. What was told of its output before it broke off was told too early (B7.5).
    fn usage_at(&self, is_complete: bool) -> (Usage, bool) {
        let (usage, is_estimated) = self.usage();
        let heard = Usage::estimate(0, self.writer.received().text_bytes).output;
        if is_complete || heard <= usage.output {
            return (usage, is_estimated);
        }
        (Usage { output: heard, ..usage }, true)
    }

    /// The usage, as far as it can be believed (B7), and true if some of it is an estimate.
    fn usage(&self) -> (Usage, bool) {
        let estimate = Usage::estimate(self.facts.estimated_input_tokens, self.writer.received().text_bytes);
        let (usage, is_estimated) = Usage::believed(self.usage, estimate, self.facts.context_window);
        (usage.served_in(self.tier), is_estimated)
    }
}
