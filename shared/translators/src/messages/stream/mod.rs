//! A chat stream, chunk by chunk, to the events of an Anthropic message (§5).
//!
//! [`ToAnthropic`] takes the data of one event and writes the events it completes. It knows no socket and no
//! clock: who relays the stream decides when to [`commit`](ToAnthropic::commit) to an answer, when to
//! [`ping`](ToAnthropic::ping), and how long to wait for the rest once the end is in sight.

mod arguments;
mod blocks;
mod calls;
#[cfg(debug_assertions)]
mod invariants;
mod outcome;
mod turn;

use bytes::BytesMut;
use serde_json::value::RawValue;

pub use self::outcome::{Interruption, Progress, StreamEnd, StreamOutcome};
use self::turn::Turn;
use crate::chat::completion::Completion;
use crate::context::AnswerContext;
use crate::context::RandomText;
use crate::error::BackendError;
use crate::json::EscapedText;
use crate::messages::stop_reason::{self, Ending};
use crate::messages::wire::event::{EventWriter, MessageDelta};
use crate::messages::wire::message::new_id;
use crate::messages::wire::message::{Message, MessageKind, Role, StopReason};
use crate::usage::{Usage, anthropic_service_tier};

/// Translates one stream. The order of events promised to the client:
///
/// ```text
/// message_start (ping | block)* message_delta message_stop
/// message_start (ping | block | begun block)* error
/// ```
///
/// It waits until the first chunk (or `commit`), then streams, and has ended after an error or `finish`.
pub struct ToAnthropic {
    context: AnswerContext,
    phase: Phase,
    id: String,
    turn: Turn,
    usage: Option<Usage>,
    service_tier: Option<&'static str>,
    finish_reason: Option<String>,
    matched_stop: Option<String>,
    end_seen: End,
    failure: Option<BackendError>,
    upstream_id: Option<String>,
    #[cfg(debug_assertions)]
    invariants: invariants::Invariants,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Waiting,
    Streaming,
    Ended,
}

/// What of the end has been seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    /// No chunk yet.
    Nothing,
    Chunks,
    FinishReason,
    /// `[DONE]`, or the usage that comes after the finish reason.
    Everything,
}

impl ToAnthropic {
    pub fn new(mut context: AnswerContext, mut random: RandomText) -> Self {
        Self {
            id: new_id(&mut random),
            turn: Turn::new(&mut context, random),
            context,
            phase: Phase::Waiting,
            usage: None,
            service_tier: None,
            finish_reason: None,
            matched_stop: None,
            end_seen: End::Nothing,
            failure: None,
            upstream_id: None,
            #[cfg(debug_assertions)]
            invariants: invariants::Invariants::default(),
        }
    }

    /// Takes the data of one event. Until the first chunk that is no error, nothing is written (W2).
    pub fn feed(&mut self, data: &[u8], out: &mut BytesMut) -> Progress {
        let written = out.len();
        self.read(data, out);
        self.check(&out[written..]);
        self.progress()
    }

    /// Begins the answer before the backend has said anything (W3).
    pub fn commit(&mut self, out: &mut BytesMut) {
        let written = out.len();
        if self.phase == Phase::Waiting {
            self.start(out);
            EventWriter { out }.ping();
        }
        self.check(&out[written..]);
    }

    /// Shows that the stream is alive (W4); writes nothing before `message_start` or after the end.
    pub fn ping(&mut self, out: &mut BytesMut) {
        let written = out.len();
        if self.phase == Phase::Streaming {
            EventWriter { out }.ping();
        }
        self.check(&out[written..]);
    }

    /// The backend's id of the answer, once a chunk told it.
    pub fn upstream_id(&self) -> Option<&str> {
        self.upstream_id.as_deref()
    }

    /// Closes what is open, also of a stream that stopped half-way, and says how it went.
    pub fn finish(mut self, end: StreamEnd, out: &mut BytesMut) -> StreamOutcome {
        let written = out.len();
        let ending = self.end(end, out);
        self.check(&out[written..]);
        let (stop_reason, ending) = match ending {
            Ok(stop_reason) => (Some(stop_reason), Ok(())),
            Err(interruption) => (None, Err(interruption)),
        };
        StreamOutcome {
            usage: self.usage_or_estimate(),
            usage_is_estimated: self.usage.is_none(),
            stop_reason,
            ending,
            upstream_id: self.upstream_id,
            nameless_calls: self.turn.nameless_calls,
        }
    }

    fn read(&mut self, data: &[u8], out: &mut BytesMut) {
        let data = data.trim_ascii();
        if self.phase == Phase::Ended || data.is_empty() {
            return;
        }
        if data == b"[DONE]" {
            return self.done(out);
        }
        match serde_json::from_slice::<Completion<'_>>(data) {
            Err(_) => self.fail(BackendError::unreadable(), out),
            Ok(chunk) if chunk.is_error() => self.fail(BackendError::from_error_object(data), out),
            Ok(chunk) => self.chunk(&chunk, out),
        }
    }

    fn done(&mut self, out: &mut BytesMut) {
        if self.end_seen == End::Nothing {
            // An end without any chunk is no answer.
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
            self.service_tier = anthropic_service_tier(tier.escaped());
        }
        let Some(choice) = chunk.choice() else {
            self.end_seen = self.end_seen.after_usage(usage);
            return;
        };
        // A backend that does not stream says all in one `message`; some repeat it behind the deltas.
        let whole = || choice.message.as_ref().filter(|_| self.turn.is_silent());
        if let Some(said) = choice.delta.as_ref().or_else(whole) {
            self.turn.take(out, said);
        }
        if let Some(reason) = choice.finish_reason() {
            self.finish_reason = Some(reason.decode().into_owned());
            self.end_seen = self.end_seen.max(End::FinishReason);
        }
        if let Some(stop) = choice.matched_stop() {
            self.matched_stop = Some(stop.decode().into_owned());
        }
    }

    fn start(&mut self, out: &mut BytesMut) {
        self.phase = Phase::Streaming;
        let input = Usage::estimate(self.context.estimated_input_tokens, 0);
        let message = Message {
            id: std::mem::take(&mut self.id),
            kind: MessageKind::Message,
            role: Role::Assistant,
            model: &self.context.model,
            content: Vec::new(),
            stop_reason: None,
            stop_sequence: None,
            stop_details: None,
            usage: self.usage.unwrap_or(input).to_anthropic(None),
        };
        EventWriter { out }.message_start(&message);
    }

    fn progress(&self) -> Progress {
        match self.end_seen {
            _ if self.failure.is_some() => Progress::Failed,
            End::Nothing | End::Chunks => Progress::More,
            End::FinishReason => Progress::Closing,
            End::Everything => Progress::Done,
        }
    }

    /// Ends with an error. If nothing was sent yet, nothing is: the error becomes an HTTP status.
    fn fail(&mut self, error: BackendError, out: &mut BytesMut) {
        if self.phase == Phase::Streaming {
            EventWriter { out }.error(&error);
        }
        self.phase = Phase::Ended;
        self.failure = Some(error);
    }

    fn end(&mut self, end: StreamEnd, out: &mut BytesMut) -> Result<StopReason, Interruption> {
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
        self.turn.finish(out);
        match stop_reason::stop_reason(self.ending(), &self.context.stop_sequences) {
            Ok(stop_reason) => {
                self.stop(stop_reason, out);
                Ok(stop_reason)
            }
            Err(error) => {
                self.fail(error.clone(), out);
                Err(Interruption::Backend(error))
            }
        }
    }

    fn ending(&self) -> Ending<'_> {
        Ending {
            finish_reason: self.finish_reason.as_deref(),
            matched_stop: self.matched_stop.as_deref(),
            calls: self.turn.calls(),
            refused: !self.turn.refusal.is_empty(),
        }
    }

    fn stop(&mut self, stop_reason: StopReason, out: &mut BytesMut) {
        self.phase = Phase::Ended;
        let matched = self
            .matched_stop
            .as_deref()
            .filter(|_| stop_reason == StopReason::StopSequence);
        let refusal = Some(&self.turn.refusal).filter(|text| !text.is_empty());
        let refusal = refusal.and_then(|text| RawValue::from_string(format!("\"{text}\"")).ok());
        let usage = self.usage_or_estimate().to_anthropic(self.service_tier);
        let mut events = EventWriter { out };
        events.message_delta(&MessageDelta::new(stop_reason, matched, refusal, usage));
        events.message_stop();
    }

    fn usage_or_estimate(&self) -> Usage {
        let estimate = || Usage::estimate(self.context.estimated_input_tokens, self.turn.said_bytes);
        self.usage.unwrap_or_else(estimate)
    }

    /// Debug builds read what was written and assert the invariants I1 to I10.
    #[cfg(debug_assertions)]
    fn check(&mut self, written: &[u8]) {
        self.invariants.read(written);
    }

    #[cfg(not(debug_assertions))]
    #[expect(clippy::unused_self, reason = "release builds check nothing")]
    fn check(&mut self, _written: &[u8]) {}
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
