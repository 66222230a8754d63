//! Writes a response as the events of a Messages stream.

use std::mem;

use bytes::BytesMut;
use serde_json::value::RawValue;

use super::blocks::Blocks;
use crate::chat::completion::ChoiceMessage;
use crate::context::{RandomText, ResponseContext};
use crate::error::BackendError;
use crate::messages::stop_reason::{StopFacts, stop_reason};
use crate::messages::wire::event::{EventWriter, MessageDelta};
use crate::messages::wire::message::{MessageKind, ResponseMessage, Role, StopReason, new_id};
use crate::stream::{Finish, Received, Sequencer, StreamWriter};
use crate::usage::Usage;

pub(crate) struct MessagesWriter {
    /// Empty once it is written.
    id: String,
    model: String,
    stop_sequences: Vec<String>,
    sequencer: Sequencer<Blocks>,
    #[cfg(debug_assertions)]
    invariants: super::invariants::Invariants,
}

impl MessagesWriter {
    pub(crate) fn new(mut context: ResponseContext, mut random: RandomText) -> Self {
        Self {
            id: new_id(&mut random),
            model: mem::take(&mut context.model),
            stop_sequences: mem::take(&mut context.stop_sequences),
            sequencer: Sequencer::new(Blocks::new(&mut context, random), &context),
            #[cfg(debug_assertions)]
            invariants: super::invariants::Invariants::default(),
        }
    }

    /// Debug builds read what was written and assert the invariants I1 to I10.
    fn checked<T>(&mut self, out: &mut BytesMut, write: impl FnOnce(&mut Self, &mut BytesMut) -> T) -> T {
        #[cfg(debug_assertions)]
        let written = out.len();
        let result = write(self, out);
        #[cfg(debug_assertions)]
        self.invariants.read(&out[written..]);
        result
    }

    fn write_end(&mut self, finish: &Finish, usage: Usage, out: &mut BytesMut) -> Result<(), BackendError> {
        let matched_stop = finish.matched_stop.as_deref();
        let facts = StopFacts {
            finish_reason: finish.finish_reason.as_deref(),
            matched_stop,
            calls: self.sequencer.calls(),
            refused: !self.sequencer.refusal().is_empty(),
        };
        let stop_reason = stop_reason(facts, &self.stop_sequences)?;
        let matched = matched_stop.filter(|_| stop_reason == StopReason::StopSequence);
        let refusal = Some(self.sequencer.refusal()).filter(|text| !text.is_empty());
        let refusal = refusal.and_then(|text| RawValue::from_string(format!("\"{text}\"")).ok());
        let mut events = EventWriter { out };
        events.message_delta(&MessageDelta::new(stop_reason, matched, refusal, usage.to_anthropic()));
        events.message_stop();
        Ok(())
    }
}

impl StreamWriter for MessagesWriter {
    fn start(&mut self, usage: Usage, out: &mut BytesMut) {
        self.checked(out, |writer, out| {
            let message = ResponseMessage {
                id: mem::take(&mut writer.id),
                kind: MessageKind::Message,
                role: Role::Assistant,
                model: &writer.model,
                content: Vec::new(),
                stop_reason: None,
                stop_sequence: None,
                stop_details: None,
                usage: usage.to_anthropic(),
            };
            EventWriter { out }.message_start(&message);
        });
    }

    fn ping(&mut self, out: &mut BytesMut) {
        self.checked(out, |_, out| EventWriter { out }.ping());
    }

    fn delta(&mut self, delta: &ChoiceMessage<'_>, out: &mut BytesMut) {
        self.checked(out, |writer, out| writer.sequencer.delta(delta, false, out));
    }

    fn message(&mut self, message: &ChoiceMessage<'_>, out: &mut BytesMut) {
        self.checked(out, |writer, out| writer.sequencer.delta(message, true, out));
    }

    fn details(&mut self, entry: &RawValue, out: &mut BytesMut) {
        self.checked(out, |writer, out| writer.sequencer.details(entry, out));
    }

    fn end_content(&mut self, out: &mut BytesMut) {
        self.checked(out, |writer, out| writer.sequencer.finish(out));
    }

    fn stop(&mut self, finish: &Finish, usage: Usage, out: &mut BytesMut) -> Result<(), BackendError> {
        self.checked(out, |writer, out| writer.write_end(finish, usage, out))
    }

    fn fail(&mut self, error: &BackendError, out: &mut BytesMut) {
        self.checked(out, |_, out| EventWriter { out }.error(error));
    }

    fn received(&self) -> Received {
        self.sequencer.received()
    }
}
