//! The content of a response while it grows: deltas arrive in any order and become blocks one after the other (§5.5).
//!
//! Chat mixes the pieces of several calls by index, Anthropic must not: one call streams live, and the calls
//! and texts that come meanwhile wait until it is finished.

use bytes::BytesMut;

use super::blocks::{BlockKind, Blocks, list};
use crate::chat::completion::ChoiceMessage;
use crate::chat::parts::{encrypted, texts};
use crate::chat::tool_calls::{CallPiece, PendingCalls, Repetition};
use crate::context::{RandomText, ResponseContext, ThinkingDisplay};
use crate::json::EscapedText;
use crate::messages::stop_reason::CallsState;
use crate::signature;
use crate::stream::Received;
use crate::think_tags::{SegmentKind, Segments, TagSplitter};
use crate::tool_ids::{Load, ToolIds};
use crate::tool_names::ToolNames;

pub(super) struct Sequencer {
    blocks: Blocks,
    calls: PendingCalls,
    /// The first call without a block. The call before it has the open tool block, if one is open.
    next_call: usize,
    held: HeldText,
    tags: Option<TagSplitter>,
    thinking: ThinkingDisplay,
    /// Thinking that the client has not asked for, escaped: the text, if none follows (B10.6). `None` once it is
    /// decided.
    unasked: Option<String>,
    /// Encrypted reasoning that no block carries yet (B10.5): the items of a list. `None` if it is not kept.
    details: Option<Vec<String>>,
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
            tags: TagSplitter::new(context.think_tags),
            thinking: context.thinking,
            unasked: context.thinking_is_unasked.then(String::new),
            details: context.keeps_reasoning_details.then(Vec::new),
            names: context.names,
            refusal: String::new(),
            ids: ToolIds::new(context.used_ids),
            random,
            nameless_calls: 0,
            text_bytes: 0,
        }
    }

    /// One delta: reasoning, then content, then refusal, then calls. `is_whole` tells a whole message in its place.
    pub(super) fn delta(&mut self, delta: &ChoiceMessage<'_>, is_whole: bool, out: &mut BytesMut) {
        for text in delta.reasoning().into_iter().flat_map(texts) {
            if let Some(tags) = &mut self.tags {
                let segments = tags.expect_text();
                self.segments(segments, out);
            }
            self.text(BlockKind::Thinking, text, out);
        }
        if let (Some(details), Some(new)) = (&mut self.details, delta.reasoning_details) {
            details.extend(encrypted(new).map(|item| item.get().to_owned()));
        }
        for part in delta.parts() {
            if part.is_thinking {
                self.text(BlockKind::Thinking, part.text, out);
            } else {
                self.content(part.text, out);
            }
        }
        if let Some(text) = delta.refusal() {
            self.refusal.push_str(text.escaped());
            self.text(BlockKind::Refusal, text, out);
        }
        if is_whole {
            delta.calls().for_each(|call| self.call_piece(&call, out));
        } else {
            delta.call_pieces().for_each(|piece| self.call_piece(&piece, out));
        }
    }

    /// Writes all that waits, and closes the last block.
    pub(super) fn finish(&mut self, out: &mut BytesMut) {
        self.flush_tags(out);
        self.text_of_unasked_thinking(out);
        self.advance(Advance::Last, out);
        if self.thinking != ThinkingDisplay::Discarded {
            self.write_details(out);
        }
        self.blocks.close(out);
    }

    pub(super) fn received(&self) -> Received {
        Received {
            text_bytes: self.text_bytes,
            tool_calls: self.calls.list.len(),
            nameless_calls: self.nameless_calls,
            junk_behind_arguments: self.calls.list.iter().any(|call| call.arguments.has_junk()),
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
        match &mut self.unasked {
            Some(unasked) if kind == BlockKind::Thinking => return unasked.push_str(text.escaped()),
            _ => self.decide_unasked_thinking(out),
        }
        self.write(kind, text, out);
    }

    fn write(&mut self, kind: BlockKind, text: EscapedText<'_>, out: &mut BytesMut) {
        if kind == BlockKind::Thinking && self.thinking == ThinkingDisplay::Discarded {
            return;
        }
        self.advance(Advance::Named, out);
        if self.blocks.in_tool() {
            self.held.push(kind, text);
            self.advance(Advance::Live, out);
        } else {
            if kind != BlockKind::Thinking && self.blocks.in_thinking() {
                self.write_details(out);
            }
            self.blocks.write(kind, text, out);
        }
    }

    /// Something else follows the thinking that nobody has asked for: it is thinking.
    fn decide_unasked_thinking(&mut self, out: &mut BytesMut) {
        if let Some(unasked) = self.unasked.take().filter(|text| !text.is_empty()) {
            self.write(BlockKind::Thinking, EscapedText::from_escaped(&unasked), out);
        }
    }

    /// Nothing follows it: servers that do not know a model's tags take all of its text for thinking.
    fn text_of_unasked_thinking(&mut self, out: &mut BytesMut) {
        if let Some(unasked) = self.unasked.take().filter(|text| !text.is_empty()) {
            self.write(BlockKind::Text, EscapedText::from_escaped(&unasked), out);
        }
    }

    /// Puts encrypted reasoning that waits into a thinking block.
    fn write_details(&mut self, out: &mut BytesMut) {
        if let Some(details) = self.details.as_mut().filter(|details| !details.is_empty()) {
            self.blocks.write_details(details.drain(..), out);
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
        self.decide_unasked_thinking(out);
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
        let last = if finished { arguments.take_last() } else { None };
        if let Some(text) = last.as_deref().or_else(|| arguments.take()) {
            self.blocks.write(BlockKind::Tool, EscapedText::from_escaped(text), out);
        }
        if finished {
            self.blocks.close(out);
        }
        finished
    }

    /// Opens the block of the next call, in the order of first appearance, once its name is whole. False if nothing
    /// more can be done now.
    fn start_next_call(&mut self, limit: Advance, out: &mut BytesMut) -> bool {
        let is_last = limit == Advance::Last;
        let is_newest = self.next_call + 1 == self.calls.list.len();
        let Some(call) = self.calls.list.get(self.next_call) else {
            return false;
        };
        if call.name.is_empty() {
            // Without a name nobody can run it; the calls behind it still can be.
            self.nameless_calls += usize::from(is_last);
            self.next_call += usize::from(is_last);
            return is_last;
        }
        match self.calls.repetition(self.next_call, is_last) {
            Repetition::Open => return false,
            Repetition::Yes => {
                self.next_call += 1;
                return true;
            }
            Repetition::No => {}
        }
        if is_newest && limit == Advance::Live && call.arguments.is_empty() {
            return false; // the name may go on
        }
        self.open_next_call(out);
        true
    }

    fn open_next_call(&mut self, out: &mut BytesMut) {
        let details = if self.thinking == ThinkingDisplay::Discarded {
            self.details.as_mut().and_then(|details| list(&std::mem::take(details)))
        } else {
            self.write_details(out);
            None
        };
        let call = &mut self.calls.list[self.next_call];
        call.started = true;
        let load = Load {
            extra_content: call.extra_content.as_deref(),
            reasoning_details: details.as_deref(),
        };
        let id = self.ids.give(&call.id, load, &mut self.random);
        self.blocks.open_tool(&id, &self.names.to_client(&call.name), out);
        self.next_call += 1;
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
