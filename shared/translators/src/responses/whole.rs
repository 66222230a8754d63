//! Writes a response as one object, which is complete when the response is (RA). Its items are put together as in a
//! stream, without the events: both come to the same object.

use bytes::BytesMut;
use serde_json::value::RawValue;

use super::context::ResponsesContext;
use super::lifecycle::Lifecycle;
use super::status::Status;
use super::stream::Items;
use crate::chat::completion::ChoiceMessage;
use crate::context::RandomText;
use crate::error::BackendError;
use crate::stream::{Finish, Received, Sequencer, StreamWriter};
use crate::usage::Usage;

/// Gathers the items, and writes nothing before the end.
pub(crate) struct WholeResponseWriter {
    lifecycle: Lifecycle,
    sequencer: Sequencer<Items>,
}

impl WholeResponseWriter {
    pub(crate) fn new(context: &ResponsesContext, random: RandomText) -> Self {
        Self {
            lifecycle: context.lifecycle.clone(),
            sequencer: Sequencer::new(Items::whole(context, random), &context.response),
        }
    }
}

impl StreamWriter for WholeResponseWriter {
    fn start(&mut self, _: Usage, _: &mut BytesMut) {}

    fn ping(&mut self, _: &mut BytesMut) {}

    fn delta(&mut self, delta: &ChoiceMessage<'_>, out: &mut BytesMut) {
        self.sequencer.delta(delta, false, out);
    }

    fn message(&mut self, message: &ChoiceMessage<'_>, out: &mut BytesMut) {
        self.sequencer.delta(message, true, out);
    }

    fn details(&mut self, entry: &RawValue, out: &mut BytesMut) {
        self.sequencer.details(entry, out);
    }

    fn end_content(&mut self, out: &mut BytesMut) {
        self.sequencer.finish(out);
    }

    fn stop(&mut self, finish: &Finish, usage: Usage, out: &mut BytesMut) -> Result<(), BackendError> {
        let calls = self.sequencer.calls();
        let status = Status::of(finish.finish_reason.as_deref(), calls)?;
        self.sequencer.content().close_last(status, calls, out)?;
        let response = status.response(&self.lifecycle, self.sequencer.content().output(), usage);
        let mut json = String::with_capacity(response.capacity());
        response.write(&mut json);
        out.extend_from_slice(json.as_bytes());
        Ok(())
    }

    /// An error is the response's status and body, not a part of it.
    fn fail(&mut self, _: &BackendError, _: &mut BytesMut) {}

    fn received(&self) -> Received {
        self.sequencer.received()
    }
}
