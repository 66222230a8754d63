//! Writes a response as the events of a Responses stream.

use bytes::BytesMut;
use serde_json::value::RawValue;

use super::items::Items;
use crate::chat::completion::ChoiceMessage;
use crate::context::RandomText;
use crate::error::BackendError;
use crate::responses::context::ResponsesContext;
use crate::responses::lifecycle::{Lifecycle, sign_of_life};
use crate::responses::status::{Status, backend_failure_code};
use crate::responses::wire::event::EventWriter;
use crate::responses::wire::response::{Failure, ResponseObject};
use crate::stream::{Finish, Received, Sequencer, StreamWriter};
use crate::usage::Usage;

pub(crate) struct ResponsesWriter {
    lifecycle: Lifecycle,
    sequencer: Sequencer<Items>,
    /// Signs of life since the last content.
    silent_signs: u32,
}

impl ResponsesWriter {
    pub(crate) fn new(context: &ResponsesContext, random: RandomText) -> Self {
        Self {
            lifecycle: context.lifecycle.clone(),
            sequencer: Sequencer::new(Items::streamed(context, random), &context.response),
            silent_signs: 0,
        }
    }

    fn end(
        &mut self,
        kind: &str,
        out: &mut BytesMut,
        object: impl FnOnce(&Lifecycle, &str, &mut EventWriter<'_>, &str),
    ) {
        let lifecycle = &self.lifecycle;
        self.sequencer
            .content()
            .events(out, |events, output| object(lifecycle, output, events, kind));
    }
}

impl StreamWriter for ResponsesWriter {
    /// Writes nothing if the client has seen the response begin already.
    fn start(&mut self, _: Usage, out: &mut BytesMut) {
        if self.lifecycle.early_events() == 0 {
            let head = self.lifecycle.head();
            self.sequencer.content().events(out, |events, _| {
                events.created(head);
                events.in_progress(head);
            });
        }
    }

    fn ping(&mut self, out: &mut BytesMut) {
        let head = self.lifecycle.head();
        let count = self.silent_signs;
        self.silent_signs += 1;
        self.sequencer
            .content()
            .events(out, |events, _| sign_of_life(count, events, head));
    }

    fn delta(&mut self, delta: &ChoiceMessage<'_>, out: &mut BytesMut) {
        self.silent_signs = 0;
        self.sequencer.delta(delta, false, out);
    }

    fn message(&mut self, message: &ChoiceMessage<'_>, out: &mut BytesMut) {
        self.silent_signs = 0;
        self.sequencer.delta(message, true, out);
    }

    fn details(&mut self, entry: &RawValue, out: &mut BytesMut) {
        self.silent_signs = 0;
        self.sequencer.details(entry, out);
    }

    fn end_content(&mut self, out: &mut BytesMut) {
        self.sequencer.finish(out);
    }

    fn stop(&mut self, finish: &Finish, usage: Usage, out: &mut BytesMut) -> Result<(), BackendError> {
        let calls = self.sequencer.calls();
        let status = Status::of(finish.finish_reason.as_deref(), calls)?;
        self.sequencer.content().close_last(status, calls, out)?;
        self.end(status.event(), out, |lifecycle, output, events, kind| {
            events.terminal(kind, &status.response(lifecycle, output, usage));
        });
        Ok(())
    }

    /// The open item stays open: clients show what is done, once more at each try (RS7).
    fn fail(&mut self, error: &BackendError, out: &mut BytesMut) {
        let failure = Failure {
            code: backend_failure_code(error),
            message: error.message.as_str(),
        };
        self.end("response.failed", out, |lifecycle, output, events, kind| {
            events.terminal(kind, &ResponseObject::failed(lifecycle.head(), output, &failure));
        });
    }

    fn received(&self) -> Received {
        self.sequencer.received()
    }
}
