//! The content blocks of a message, one open at a time (I2).

use std::borrow::Cow;

use bytes::BytesMut;
use serde_json::value::RawValue;

use crate::context::ThinkingDisplay;
use crate::json::EscapedText;
use crate::messages::wire::event::{BlockDelta, EventWriter};
use crate::signature;

/// Opens and closes blocks as the kind of text changes. The first delta of a block follows its start at once (I9).
#[derive(Debug)]
pub(super) struct Blocks {
    open: Option<BlockKind>,
    /// The index of the next block to be opened.
    next_index: u32,
    /// The signature of thinking blocks whose text is shown.
    signature: String,
    thinking: ThinkingDisplay,
    /// The text that the open thinking block does not show, escaped.
    hidden: String,
    /// Encrypted reasoning for the signature of the open thinking block: the items of a list.
    details: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BlockKind {
    Thinking,
    Text,
    /// The text of a refusal: a text block of its own.
    Refusal,
    Tool,
}

impl Blocks {
    pub(super) fn new(signature: String, thinking: ThinkingDisplay) -> Self {
        Self {
            open: None,
            next_index: 0,
            signature,
            thinking,
            hidden: String::new(),
            details: Vec::new(),
        }
    }

    /// True if a tool block is open.
    pub(super) fn in_tool(&self) -> bool {
        self.open == Some(BlockKind::Tool)
    }

    pub(super) fn in_thinking(&self) -> bool {
        self.open == Some(BlockKind::Thinking)
    }

    /// Adds to the open block if it is of this kind, else to a new one.
    pub(super) fn write(&mut self, kind: BlockKind, text: EscapedText<'_>, out: &mut BytesMut) {
        if self.open != Some(kind) {
            self.switch_to(kind, out);
        }
        let delta = match kind {
            BlockKind::Thinking => BlockDelta::Thinking,
            BlockKind::Text | BlockKind::Refusal => BlockDelta::Text,
            BlockKind::Tool => BlockDelta::InputJson,
        };
        if kind == BlockKind::Thinking && self.thinking == ThinkingDisplay::Omitted {
            self.hidden.push_str(text.escaped());
        } else if !text.is_empty() {
            EventWriter { out }.delta(self.next_index - 1, delta, text);
        }
    }

    /// Adds encrypted reasoning to the open thinking block, or to a new one without text.
    pub(super) fn write_details(&mut self, details: impl Iterator<Item = String>, out: &mut BytesMut) {
        if self.open != Some(BlockKind::Thinking) {
            self.switch_to(BlockKind::Thinking, out);
        }
        self.details.extend(details);
    }

    pub(super) fn open_tool(&mut self, id: &str, name: &str, out: &mut BytesMut) {
        self.close(out);
        EventWriter { out }.tool_start(self.next_index, id, name);
        self.opened(BlockKind::Tool);
    }

    pub(super) fn close(&mut self, out: &mut BytesMut) {
        let Some(kind) = self.open.take() else { return };
        let index = self.next_index - 1;
        let mut events = EventWriter { out };
        if kind == BlockKind::Thinking {
            // Once, and right before the stop (I5).
            events.signature_delta(index, &self.signature());
            self.hidden.clear();
            self.details.clear();
        }
        events.block_stop(index);
    }

    fn signature(&self) -> Cow<'_, str> {
        let hidden = EscapedText::from_escaped(&self.hidden);
        if let Some(details) = list(&self.details) {
            return Cow::Owned(signature::carrying_details(hidden, &details));
        }
        if hidden.is_empty() {
            return Cow::Borrowed(&self.signature);
        }
        Cow::Owned(signature::carrying(hidden))
    }

    fn switch_to(&mut self, kind: BlockKind, out: &mut BytesMut) {
        self.close(out);
        let mut events = EventWriter { out };
        match kind {
            BlockKind::Thinking => events.thinking_start(self.next_index),
            BlockKind::Text | BlockKind::Refusal => events.text_start(self.next_index),
            BlockKind::Tool => debug_assert!(false, "only open_tool knows the id and the name"),
        }
        self.opened(kind);
    }

    fn opened(&mut self, kind: BlockKind) {
        self.open = Some(kind);
        self.next_index += 1;
    }
}

/// The items as a JSON list; `None` if there are none.
pub(super) fn list(items: &[String]) -> Option<Box<RawValue>> {
    let list = || RawValue::from_string(format!("[{}]", items.join(","))).ok();
    if items.is_empty() { None } else { list() }
}
