//! The content blocks of a message, one open at a time (I2).

use std::mem;

use bytes::BytesMut;
use serde_json::value::RawValue;

use crate::chat::arguments::Arguments;
use crate::chat::tool_calls::PendingCall;
use crate::context::{RandomText, ResponseContext, ThinkingDisplay};
use crate::json::EscapedText;
use crate::messages::signature::Signer;
use crate::messages::wire::event::{BlockDelta, EventWriter};
use crate::sealed::Unsealed;
use crate::stream::{ContentKind, ContentWriter};
use crate::tool_ids::{Load, ToolIds};
use crate::tool_names::ToolNames;

/// Opens and closes blocks as the kind of text changes. The first delta of a block follows its start at once (I9).
pub(super) struct Blocks {
    open: Option<ContentKind>,
    /// The index of the next block to be opened.
    next_index: u32,
    signer: Signer,
    /// The signature of thinking where nothing can be sealed.
    unsigned: String,
    thinking: ThinkingDisplay,
    /// The text that the open thinking block does not show, escaped.
    hidden: String,
    /// Encrypted reasoning for the signature of the open thinking block: the items of a list.
    details: Vec<String>,
    names: ToolNames,
    ids: ToolIds,
    random: RandomText,
}

impl Blocks {
    pub(super) fn new(context: &mut ResponseContext, mut random: RandomText) -> Self {
        Self {
            open: None,
            next_index: 0,
            signer: Signer::new(context),
            unsigned: random(),
            thinking: context.thinking,
            hidden: String::new(),
            details: Vec::new(),
            names: mem::take(&mut context.names),
            ids: ToolIds::new(mem::take(&mut context.used_ids)),
            random,
        }
    }

    fn close(&mut self, out: &mut BytesMut) {
        let Some(kind) = self.open.take() else { return };
        let index = self.next_index - 1;
        let mut events = EventWriter { out };
        if kind == ContentKind::Thinking {
            // Once, and right before the stop (I5).
            let hidden = EscapedText::from_escaped(&self.hidden);
            let signature = self.signer.sign(hidden, &self.details, || self.unsigned.clone());
            events.signature_delta(index, &signature);
            self.hidden.clear();
            self.details.clear();
        }
        events.block_stop(index);
    }

    fn switch_to(&mut self, kind: ContentKind, out: &mut BytesMut) {
        self.close(out);
        let mut events = EventWriter { out };
        match kind {
            ContentKind::Thinking => events.thinking_start(self.next_index),
            ContentKind::Text | ContentKind::Refusal => events.text_start(self.next_index),
            ContentKind::Tool => debug_assert!(false, "only open_call knows the id and the name"),
        }
        self.opened(kind);
    }

    fn opened(&mut self, kind: ContentKind) {
        self.open = Some(kind);
        self.next_index += 1;
    }
}

impl ContentWriter for Blocks {
    fn open_kind(&self) -> Option<ContentKind> {
        self.open
    }

    fn write(&mut self, kind: ContentKind, text: EscapedText<'_>, out: &mut BytesMut) {
        if self.open != Some(kind) {
            self.switch_to(kind, out);
        }
        let delta = match kind {
            ContentKind::Thinking => BlockDelta::Thinking,
            ContentKind::Text | ContentKind::Refusal => BlockDelta::Text,
            ContentKind::Tool => BlockDelta::InputJson,
        };
        if kind == ContentKind::Thinking && self.thinking == ThinkingDisplay::Omitted {
            self.hidden.push_str(text.escaped());
        } else if !text.is_empty() {
            EventWriter { out }.delta(self.next_index - 1, delta, text);
        }
    }

    fn write_details(&mut self, details: Vec<String>, out: &mut BytesMut) {
        if self.open != Some(ContentKind::Thinking) {
            self.switch_to(ContentKind::Thinking, out);
        }
        self.details.extend(details);
    }

    fn open_call(&mut self, call: &PendingCall, details: Option<&RawValue>, out: &mut BytesMut) {
        self.close(out);
        let load = Load {
            extra_content: call.extra_content.as_deref(),
            reasoning_details: details,
        };
        let id = self.ids.give(&call.id, load, &mut self.random);
        EventWriter { out }.tool_start(self.next_index, &id, &self.names.to_client(&call.name));
        self.opened(ContentKind::Tool);
    }

    fn rest_of(arguments: &mut Arguments) -> Option<String> {
        arguments.take_last()
    }

    fn close_call(&mut self, _: &PendingCall, out: &mut BytesMut) {
        self.close(out);
    }

    fn unsealed(&self) -> Option<Unsealed> {
        self.signer.unsealed()
    }

    fn end(&mut self, out: &mut BytesMut) {
        self.close(out);
    }
}
