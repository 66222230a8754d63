//! Writes a response as one message, which is complete when the response is (§4).

use std::borrow::Cow;
use std::mem;

use bytes::{BufMut as _, BytesMut};
use serde_json::value::RawValue;

use super::chat_text::quoted;
use super::signature::Signer;
use crate::chat::arguments::Arguments;
use crate::chat::completion::ChoiceMessage;
use crate::chat::tool_calls::PendingCall;
use crate::context::{RandomText, ResponseContext, ThinkingDisplay};
use crate::error::BackendError;
use crate::json::EscapedText;
use crate::messages::stop_reason::{StopFacts, stop_reason};
use crate::messages::wire::message::{
    MessageKind, ResponseBlock, ResponseMessage, Role, StopDetails, StopReason, new_id,
};
use crate::sealed::Unsealed;
use crate::stream::{ContentKind, ContentWriter, Finish, Received, Sequencer, StreamWriter};
use crate::tool_ids::{Load, ToolIds};
use crate::tool_names::ToolNames;
use crate::usage::Usage;

/// Gathers the content, and writes nothing before the end.
pub(crate) struct WholeMessageWriter {
    id: String,
    model: String,
    stop_sequences: Vec<String>,
    sequencer: Sequencer<Blocks>,
}

/// The blocks of a message.
struct Blocks {
    done: Vec<ResponseBlock<'static>>,
    open: Option<OpenBlock>,
    signer: Signer,
    thinking: ThinkingDisplay,
    names: ToolNames,
    ids: ToolIds,
    random: RandomText,
}

/// The block that grows. Its text is escaped.
struct OpenBlock {
    kind: ContentKind,
    text: String,
    /// Encrypted reasoning of a thinking block: the items of a list.
    details: Vec<String>,
    /// The id and the name of a call.
    call: Option<(String, String)>,
}

impl WholeMessageWriter {
    pub(crate) fn new(mut context: ResponseContext, mut random: RandomText) -> Self {
        let id = new_id(&mut random);
        let blocks = Blocks {
            done: Vec::new(),
            open: None,
            signer: Signer::new(&context),
            thinking: context.thinking,
            names: mem::take(&mut context.names),
            ids: ToolIds::new(mem::take(&mut context.used_ids)),
            random,
        };
        Self {
            id,
            sequencer: Sequencer::new(blocks, &context),
            model: context.model,
            stop_sequences: context.stop_sequences,
        }
    }
}

impl StreamWriter for WholeMessageWriter {
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
        let matched_stop = finish.matched_stop.as_deref();
        let refusal = Some(self.sequencer.refusal())
            .filter(|text| !text.is_empty())
            .and_then(quoted);
        let facts = StopFacts {
            finish_reason: finish.finish_reason.as_deref(),
            matched_stop,
            calls: self.sequencer.calls(),
            refused: refusal.is_some(),
        };
        let stop_reason = stop_reason(facts, &self.stop_sequences)?;
        let message = ResponseMessage {
            id: mem::take(&mut self.id),
            kind: MessageKind::Message,
            role: Role::Assistant,
            model: &self.model,
            content: mem::take(&mut self.sequencer.content().done),
            stop_reason: Some(stop_reason),
            stop_sequence: matched_stop
                .filter(|_| stop_reason == StopReason::StopSequence)
                .map(Cow::Borrowed),
            stop_details: StopDetails::of(stop_reason, refusal),
            usage: usage.to_anthropic(),
        };
        serde_json::to_writer(out.writer(), &message).map_err(|_| BackendError::unreadable())
    }

    /// An error is the response's status and body, not a part of it.
    fn fail(&mut self, _: &BackendError, _: &mut BytesMut) {}

    fn received(&self) -> Received {
        self.sequencer.received()
    }
}

impl Blocks {
    fn open(&mut self, kind: ContentKind) -> &mut OpenBlock {
        self.close();
        self.open.insert(OpenBlock {
            kind,
            text: String::new(),
            details: Vec::new(),
            call: None,
        })
    }

    /// The open block if it is of this kind, else a new one.
    fn open_as(&mut self, kind: ContentKind) -> &mut OpenBlock {
        match self.open.take_if(|open| open.kind == kind) {
            Some(open) => self.open.insert(open),
            None => self.open(kind),
        }
    }

    fn close(&mut self) {
        let Some(OpenBlock {
            kind, text, details, ..
        }) = self.open.take()
        else {
            return;
        };
        let text = EscapedText::from_escaped(&text);
        let block = match kind {
            ContentKind::Thinking => self.thinking_block(text, &details),
            ContentKind::Text | ContentKind::Refusal => text_of(text).map(|text| ResponseBlock::Text { text }),
            ContentKind::Tool => None,
        };
        self.done.extend(block);
    }

    fn thinking_block(&mut self, text: EscapedText<'_>, details: &[String]) -> Option<ResponseBlock<'static>> {
        let is_shown = self.thinking == ThinkingDisplay::Shown;
        let hidden = if is_shown { EscapedText::EMPTY } else { text };
        let signature = self.signer.sign(hidden, details, &mut self.random);
        let thinking = text_of(if is_shown { text } else { EscapedText::EMPTY })?;
        Some(ResponseBlock::Thinking { thinking, signature })
    }
}

impl ContentWriter for Blocks {
    fn open_kind(&self) -> Option<ContentKind> {
        self.open.as_ref().map(|open| open.kind)
    }

    fn write(&mut self, kind: ContentKind, text: EscapedText<'_>, _: &mut BytesMut) {
        self.open_as(kind).text.push_str(text.escaped());
    }

    fn write_details(&mut self, details: Vec<String>, _: &mut BytesMut) {
        self.open_as(ContentKind::Thinking).details.extend(details);
    }

    fn open_call(&mut self, call: &PendingCall, details: Option<&RawValue>, _: &mut BytesMut) {
        let load = Load {
            extra_content: call.extra_content.as_deref(),
            reasoning_details: details,
        };
        let id = self.ids.give(&call.id, load, &mut self.random);
        let name = self.names.to_client(&call.name).into_owned();
        self.open(ContentKind::Tool).call = Some((id, name));
    }

    fn rest_of(arguments: &mut Arguments) -> Option<String> {
        arguments.take_last()
    }

    /// A call that broke off is left out: nobody should run half of it (B3.2).
    fn close_call(&mut self, call: &PendingCall, _: &mut BytesMut) {
        let Some(OpenBlock {
            text,
            call: Some((id, name)),
            ..
        }) = self.open.take()
        else {
            return;
        };
        if !call.arguments.is_cut() {
            let input = EscapedText::from_escaped(if text.is_empty() { "{}" } else { &text }).decode();
            let input = RawValue::from_string(input.trim().to_owned()).ok();
            let raw = || RawValue::from_string(format!("{{\"raw_arguments\":\"{text}\"}}")).ok();
            let block = input
                .or_else(raw)
                .map(|input| ResponseBlock::ToolUse { id, name, input });
            self.done.extend(block);
        }
    }

    fn unsealed(&self) -> Option<Unsealed> {
        self.signer.unsealed()
    }

    fn end(&mut self, _: &mut BytesMut) {
        self.close();
    }
}

fn text_of(text: EscapedText<'_>) -> Option<Cow<'static, RawValue>> {
    quoted(text.escaped()).map(Cow::Owned)
}
