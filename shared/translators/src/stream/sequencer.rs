//! The content of a response while it grows: deltas arrive in any order and are written one thing after the other
//! (§5.5).
//!
//! Chat mixes the pieces of several calls by index, other dialects must not: one call streams live, and the calls
//! and texts that come meanwhile wait until it is finished.

use bytes::BytesMut;
use serde_json::value::RawValue;

use super::content::{ContentKind, ContentWriter, list};
use super::held::HeldText;
use super::writer::Received;
use crate::chat::call_piece::CallPiece;
use crate::chat::completion::ChoiceMessage;
use crate::chat::parts::{texts, wanted_back};
use crate::chat::tool_calls::{CallsState, PendingCalls, Repetition};
use crate::context::{ResponseContext, ThinkingDisplay};
use crate::json::EscapedText;
use crate::think_tags::{SegmentKind, Segments, TagSplitter};

pub(crate) struct Sequencer<W> {
    content: W,
    calls: PendingCalls,
    /// The first call that was not opened. The call before it is the open one, if one is open.
    next_call: usize,
    held: HeldText,
    tags: Option<TagSplitter>,
    thinking: ThinkingDisplay,
    /// Thinking that the client has not asked for, escaped: the text, if none follows (B10.6). `None` once it is
    /// decided.
    unasked: Option<String>,
    /// Encrypted reasoning that was not written yet (B10.5): the items of a list. `None` if it is not kept.
    details: Option<Vec<String>>,
    /// The text of a refusal, escaped.
    refusal: String,
    nameless_calls: usize,
    /// Bytes of all text, shown or not, for backends that report no usage.
    text_bytes: usize,
}

/// The limit up to which content may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Advance {
    /// The newest call's name may still grow.
    Live,
    /// Something else came after the newest call's name, so the name is whole.
    Named,
    /// Nothing more comes.
    Last,
}

impl<W: ContentWriter> Sequencer<W> {
    pub(crate) fn new(writer: W, context: &ResponseContext) -> Self {
        Self {
            content: writer,
            calls: PendingCalls::default(),
            next_call: 0,
            held: HeldText::default(),
            tags: TagSplitter::new(context.think_tags),
            thinking: context.thinking,
            unasked: context.thinking_is_unasked.then(String::new),
            details: context.keeps_reasoning_details.then(Vec::new),
            refusal: String::new(),
            nameless_calls: 0,
            text_bytes: 0,
        }
    }

    /// One delta: reasoning, then content, then refusal, then calls. `is_whole` tells a whole message in its place.
    pub(crate) fn delta(&mut self, delta: &ChoiceMessage<'_>, is_whole: bool, out: &mut BytesMut) {
        for text in delta.reasoning().into_iter().flat_map(texts) {
            if let Some(tags) = &mut self.tags {
                let segments = tags.expect_text();
                self.segments(segments, out);
            }
            self.text(ContentKind::Thinking, text, out);
        }
        if let (Some(details), Some(new)) = (&mut self.details, delta.reasoning_details) {
            details.extend(wanted_back(new).map(|item| item.get().to_owned()));
        }
        for part in delta.parts() {
            if part.is_thinking {
                self.text(ContentKind::Thinking, part.text, out);
            } else {
                self.visible(part.text, out);
            }
        }
        if let Some(text) = delta.refusal() {
            self.refusal.push_str(text.escaped());
            self.text(ContentKind::Refusal, text, out);
        }
        for piece in delta.call_pieces() {
            self.call_piece(&piece, is_whole, out);
        }
    }

    /// One entry of `reasoning_details` that has all its text: it belongs to the thinking before it.
    pub(crate) fn details(&mut self, entry: &RawValue, out: &mut BytesMut) {
        if let Some(details) = &mut self.details {
            details.push(entry.get().to_owned());
        }
        if !self.in_call() {
            self.write_details(out);
        }
    }

    /// Writes all that waits, and closes the last block.
    pub(crate) fn finish(&mut self, out: &mut BytesMut) {
        self.flush_tags(out);
        self.write_unasked(ContentKind::Text, out);
        self.advance(Advance::Last, out);
        self.write_details(out);
        self.content.end(out);
    }

    pub(crate) fn received(&self) -> Received {
        Received {
            text_bytes: self.text_bytes,
            tool_calls: self.calls.list.len(),
            nameless_calls: self.nameless_calls,
            junk_behind_arguments: self.calls.list.iter().any(|call| call.arguments.has_junk()),
            unsealed_reasoning: self.content.unsealed(),
        }
    }

    pub(crate) fn content(&mut self) -> &mut W {
        &mut self.content
    }

    pub(crate) fn refusal(&self) -> &str {
        &self.refusal
    }

    /// The state of the calls for §4.2. Calls that never got a name do not count.
    pub(crate) fn calls(&self) -> CallsState {
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

    fn in_call(&self) -> bool {
        self.content.open_kind() == Some(ContentKind::Tool)
    }

    fn visible(&mut self, text: EscapedText<'_>, out: &mut BytesMut) {
        match &mut self.tags {
            Some(tags) => {
                let segments = tags.split(text);
                self.segments(segments, out);
            }
            None => self.text(ContentKind::Text, text, out),
        }
    }

    fn segments(&mut self, segments: Segments, out: &mut BytesMut) {
        for (kind, text) in segments {
            let kind = match kind {
                SegmentKind::Thinking => ContentKind::Thinking,
                SegmentKind::Text => ContentKind::Text,
            };
            self.text(kind, EscapedText::from_escaped(&text), out);
        }
    }

    /// Text of any kind: sent at once, or held while a call is unfinished.
    fn text(&mut self, kind: ContentKind, text: EscapedText<'_>, out: &mut BytesMut) {
        self.text_bytes += text.escaped().len();
        match &mut self.unasked {
            Some(unasked) if kind == ContentKind::Thinking => return unasked.push_str(text.escaped()),
            _ => self.write_unasked(ContentKind::Thinking, out),
        }
        self.write(kind, text, out);
    }

    fn write(&mut self, kind: ContentKind, text: EscapedText<'_>, out: &mut BytesMut) {
        if kind == ContentKind::Thinking && self.thinking == ThinkingDisplay::Discarded {
            return;
        }
        self.advance(Advance::Named, out);
        if self.in_call() {
            self.held.push(kind, text, self.calls.list.len());
            self.advance(Advance::Live, out);
        } else {
            self.held.write(usize::MAX, &mut self.content, out);
            if kind != ContentKind::Thinking && self.content.open_kind() == Some(ContentKind::Thinking) {
                self.write_details(out);
            }
            self.content.write(kind, text, out);
        }
    }

    /// Thinking that nobody has asked for becomes `kind`: thinking if something else follows it; text if nothing does,
    /// since servers that do not know a model's tags take all of its text for thinking (B10.6).
    fn write_unasked(&mut self, kind: ContentKind, out: &mut BytesMut) {
        if let Some(unasked) = self.unasked.take().filter(|text| !text.is_empty()) {
            self.write(kind, EscapedText::from_escaped(&unasked), out);
        }
    }

    /// Puts encrypted reasoning that waits into a thinking block, if thinking is shown.
    fn write_details(&mut self, out: &mut BytesMut) {
        let shown = self.thinking != ThinkingDisplay::Discarded;
        if let Some(details) = self.details.as_mut().filter(|details| shown && !details.is_empty()) {
            self.content.write_details(std::mem::take(details), out);
        }
    }

    fn flush_tags(&mut self, out: &mut BytesMut) {
        let segments = self.tags.as_mut().map(TagSplitter::flush);
        self.segments(segments.unwrap_or_default(), out);
    }

    fn call_piece(&mut self, piece: &CallPiece<'_>, is_whole: bool, out: &mut BytesMut) {
        self.flush_tags(out);
        self.write_unasked(ContentKind::Thinking, out);
        let index = self.calls.index_of(piece, is_whole);
        let live = self.in_call() && index + 1 == self.next_call;
        let text = EscapedText::from_escaped(&piece.arguments);
        self.text_bytes += text.escaped().len();
        if let Some(text) = self.calls.list[index].arguments.push(text, live) {
            self.content.write(ContentKind::Tool, text, out);
        }
        self.advance(Advance::Live, out);
    }

    /// Moves on as far as the order of blocks allows.
    fn advance(&mut self, limit: Advance, out: &mut BytesMut) {
        loop {
            if self.in_call() && !self.advance_open_call(limit, out) {
                return;
            }
            self.held.write(self.next_call, &mut self.content, out);
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
        let last = if finished { W::rest_of(arguments) } else { None };
        if let Some(text) = last.as_deref().or_else(|| arguments.take()) {
            self.content
                .write(ContentKind::Tool, EscapedText::from_escaped(text), out);
        }
        if finished {
            self.content.close_call(&self.calls.list[self.next_call - 1], out);
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
        self.write_details(out);
        let hidden = self.details.as_mut().and_then(|details| list(&std::mem::take(details)));
        let call = &mut self.calls.list[self.next_call];
        call.started = true;
        self.content.open_call(call, hidden.as_deref(), out);
        self.next_call += 1;
    }
}
