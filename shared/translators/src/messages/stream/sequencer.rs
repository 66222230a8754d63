//! The content of a response while it grows: deltas arrive in any order and become blocks one after the other (§5.5).
//!
//! Chat mixes the pieces of several calls by index, Anthropic must not: one call streams live, and the calls
//! and texts that come meanwhile wait until it is finished.

use bytes::BytesMut;
use serde_json::value::RawValue;

use super::blocks::{BlockKind, Blocks};
use crate::chat::completion::{ChoiceMessage, texts};
use crate::chat::tool_calls::{CallPiece, PendingCalls};
use crate::context::{RandomText, ResponseContext, ThinkingDisplay};
use crate::json::EscapedText;
use crate::messages::stop_reason::CallsState;
use crate::settings::ThinkTags;
use crate::signature;
use crate::stream::Received;
use crate::think_tags::{SegmentKind, Segments, TagSplitter};
use crate::tool_ids::ToolIds;
use crate::tool_names::ToolNames;

pub(super) struct Sequencer {
    blocks: Blocks,
    calls: PendingCalls,
    /// The first call without a block. The call before it has the open tool block, if one is open.
    next_call: usize,
    held: HeldText,
    tags: Option<TagSplitter>,
    thinking: ThinkingDisplay,
    names: ToolNames,
    /// The text of a refusal, escaped.
    refusal: String,
    ids: ToolIds,
    random: RandomText,
    nameless_calls: usize,
    /// Bytes of all text, shown or not, for backends that report no usage.
    text_bytes: usize,
}

/// Text and thinking that wait for a tool call to finish, escaped.
#[derive(Debug, Default)]
struct HeldText {
    pieces: Vec<(BlockKind, String)>,
}

/// The limit up to which blocks may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Advance {
    /// The newest call's name may still grow.
    Live,
    /// Something else came after the newest call's name, so the name is whole.
    Named,
    /// Nothing more comes.
    Last,
}

impl Sequencer {
    pub(super) fn new(context: ResponseContext, mut random: RandomText) -> Self {
        Self {
            blocks: Blocks::new(signature::opaque(&mut random), context.thinking),
            calls: PendingCalls::default(),
            next_call: 0,
            held: HeldText::default(),
            tags: (context.think_tags == ThinkTags::Parse).then(TagSplitter::default),
            thinking: context.thinking,
            names: context.names,
            refusal: String::new(),
            ids: ToolIds::default(),
            random,
            nameless_calls: 0,
            text_bytes: 0,
        }
    }

    /// One delta: reasoning, then content, then refusal, then calls.
    pub(super) fn delta(&mut self, delta: &ChoiceMessage<'_>, out: &mut BytesMut) {
        if let Some(reasoning) = delta.reasoning() {
            self.each_text(reasoning, |this, text| this.text(BlockKind::Thinking, text, out));
        }
        if let Some(content) = delta.content {
            self.each_text(content, |this, text| this.content(text, out));
        }
        if let Some(text) = delta.refusal() {
            self.refusal.push_str(text.escaped());
            self.text(BlockKind::Refusal, text, out);
        }
        if let Some(function) = &delta.function_call {
            self.call_piece(&CallPiece::of_function(function), out);
        }
        for call in delta.tool_calls.iter().flatten() {
            self.call_piece(&CallPiece::of_call(call), out);
        }
    }

    /// Writes all that waits, and closes the last block.
    pub(super) fn finish(&mut self, out: &mut BytesMut) {
        self.flush_tags(out);
        self.advance(Advance::Last, out);
        self.blocks.close(out);
    }

    pub(super) fn received(&self) -> Received {
        Received {
            text_bytes: self.text_bytes,
            tool_calls: self.calls.list.len(),
            nameless_calls: self.nameless_calls,
        }
    }

    pub(super) fn refusal(&self) -> &str {
        &self.refusal
    }

    /// The state of the calls for §4.2. Calls that never got a name do not count.
    pub(super) fn calls(&self) -> CallsState {
        let mut started = self.calls.list.iter().filter(|call| call.started).peekable();
        if started.peek().is_none() {
            return CallsState::None;
        }
        if started.any(|call| call.arguments.is_cut()) {
            CallsState::Cut
        } else {
            CallsState::Complete
        }
    }

    fn each_text(&mut self, json: &RawValue, mut take: impl FnMut(&mut Self, EscapedText<'_>)) {
        for text in texts(json) {
            take(self, text);
        }
    }

    fn content(&mut self, text: EscapedText<'_>, out: &mut BytesMut) {
        match &mut self.tags {
            Some(tags) => {
                let segments = tags.split(text);
                self.segments(segments, out);
            }
            None => self.text(BlockKind::Text, text, out),
        }
    }

    fn segments(&mut self, segments: Segments, out: &mut BytesMut) {
        for (kind, text) in segments {
            let kind = match kind {
                SegmentKind::Thinking => BlockKind::Thinking,
                SegmentKind::Text => BlockKind::Text,
            };
            self.text(kind, EscapedText::from_escaped(&text), out);
        }
    }

    /// Text of any kind: sent at once, or held while a call is unfinished.
    fn text(&mut self, kind: BlockKind, text: EscapedText<'_>, out: &mut BytesMut) {
        self.text_bytes += text.escaped().len();
        if kind == BlockKind::Thinking && self.thinking == ThinkingDisplay::Discarded {
            return;
        }
        self.advance(Advance::Named, out);
        if self.blocks.in_tool() {
            self.held.push(kind, text);
            self.advance(Advance::Live, out);
        } else {
            self.blocks.write(kind, text, out);
        }
    }

    fn flush_tags(&mut self, out: &mut BytesMut) {
        if let Some(tags) = &mut self.tags {
            let segments = tags.flush();
            self.segments(segments, out);
        }
    }

    fn call_piece(&mut self, piece: &CallPiece<'_>, out: &mut BytesMut) {
        self.flush_tags(out);
        let index = self.calls.index_of(piece);
        let live = self.blocks.in_tool() && index + 1 == self.next_call;
        let text = EscapedText::from_escaped(&piece.arguments);
        self.text_bytes += text.escaped().len();
        if let Some(text) = self.calls.list[index].arguments.push(text, live) {
            self.blocks.write(BlockKind::Tool, text, out);
        }
        self.advance(Advance::Live, out);
    }

    /// Moves on as far as the order of blocks allows.
    fn advance(&mut self, limit: Advance, out: &mut BytesMut) {
        loop {
            if self.blocks.in_tool() && !self.advance_open_call(limit, out) {
                return;
            }
            if self.held.is_worth_sending() {
                for (kind, text) in self.held.pieces.drain(..) {
                    self.blocks.write(kind, EscapedText::from_escaped(&text), out);
                }
            }
            if !self.start_next_call(limit, out) {
                return;
            }
        }
    }

    /// Sends what the open call has. True if its block is finished and closed.
    fn advance_open_call(&mut self, limit: Advance, out: &mut BytesMut) -> bool {
        let others_wait = self.next_call < self.calls.list.len() || self.held.is_worth_sending();
        let arguments = &mut self.calls.list[self.next_call - 1].arguments;
        let finished = limit == Advance::Last || (others_wait && arguments.is_complete());
        let text = if finished {
            arguments.take_last()
        } else {
            arguments.take()
        };
        if let Some(text) = text {
            self.blocks
                .write(BlockKind::Tool, EscapedText::from_escaped(&text), out);
        }
        if finished {
            self.blocks.close(out);
        }
        finished
    }

    /// Opens the block of the next call, in the order of first appearance, once its name is whole.
    fn start_next_call(&mut self, limit: Advance, out: &mut BytesMut) -> bool {
        let is_newest = self.next_call + 1 == self.calls.list.len();
        let Some(call) = self.calls.list.get_mut(self.next_call) else {
            return false;
        };
        if call.name.is_empty() {
            // Without a name nobody can run it; the calls behind it still can be.
            let dropped = limit == Advance::Last;
            self.nameless_calls += usize::from(dropped);
            self.next_call += usize::from(dropped);
            return dropped;
        }
        if is_newest && limit == Advance::Live && call.arguments.is_empty() {
            return false; // the name may go on
        }
        call.started = true;
        let id = self.ids.give(&call.id, &mut self.random);
        self.blocks.open_tool(&id, &self.names.to_client(&call.name), out);
        self.next_call += 1;
        true
    }
}

impl HeldText {
    fn push(&mut self, kind: BlockKind, text: EscapedText<'_>) {
        match self.pieces.last_mut() {
            Some((last, held)) if *last == kind => held.push_str(text.escaped()),
            _ => self.pieces.push((kind, text.escaped().to_owned())),
        }
    }

    /// White space between and after calls waits for text, and is dropped if none follows.
    fn is_worth_sending(&self) -> bool {
        let blank = |text: &String| EscapedText::from_escaped(text).is_blank();
        self.pieces
            .iter()
            .any(|(kind, text)| *kind != BlockKind::Text || !blank(text))
    }
}
