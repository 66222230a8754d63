//! The assistant's turn while it grows: what arrives in any order becomes blocks one after the other (§5.5).
//!
//! Chat mixes the pieces of several calls by index, Anthropic must not: one call streams live, and the calls
//! and texts that come meanwhile wait until it is finished.

use std::mem;

use bytes::BytesMut;
use serde_json::value::RawValue;

use super::blocks::{Blocks, Kind};
use super::calls::{Calls, Piece};
use crate::chat::completion::{Message, texts};
use crate::context::RandomText;
use crate::context::{AnswerContext, Thinking};
use crate::json::EscapedText;
use crate::messages::stop_reason;
use crate::settings::ThinkTags;
use crate::signature;
use crate::think_tags::{Part, Parts, TagSplitter};
use crate::tool_ids::ToolIds;
use crate::tool_names::ToolNames;

pub(super) struct Turn {
    blocks: Blocks,
    calls: Calls,
    /// The first call without a block. The call before it has the open tool block, if one is open.
    next_call: usize,
    held: Held,
    tags: Option<TagSplitter>,
    thinking: Thinking,
    names: ToolNames,
    /// What the model said in refusal, escaped.
    pub(super) refusal: String,
    ids: ToolIds,
    random: RandomText,
    pub(super) nameless_calls: usize,
    /// How much the model said, shown or not, for backends that tell no usage.
    pub(super) said_bytes: usize,
}

/// Text and thinking that wait for a tool call to finish, escaped.
#[derive(Debug, Default)]
struct Held {
    pieces: Vec<(Kind, String)>,
}

impl Turn {
    pub(super) fn new(context: &mut AnswerContext, mut random: RandomText) -> Self {
        Self {
            blocks: Blocks::new(signature::opaque(&mut random), context.thinking),
            calls: Calls::default(),
            next_call: 0,
            held: Held::default(),
            tags: (context.think_tags == ThinkTags::Parse).then(TagSplitter::default),
            thinking: context.thinking,
            names: mem::take(&mut context.names),
            refusal: String::new(),
            ids: ToolIds::default(),
            random,
            nameless_calls: 0,
            said_bytes: 0,
        }
    }

    /// One delta: reasoning, then content, then refusal, then calls.
    pub(super) fn take(&mut self, out: &mut BytesMut, delta: &Message<'_>) {
        if let Some(reasoning) = delta.reasoning() {
            self.each_text(reasoning, |turn, text| turn.say(out, Kind::Thinking, text));
        }
        if let Some(content) = delta.content {
            self.each_text(content, |turn, text| turn.content(out, text));
        }
        if let Some(text) = delta.refusal() {
            self.refusal.push_str(text.escaped());
            self.say(out, Kind::Refusal, text);
        }
        if let Some(function) = &delta.function_call {
            self.piece(out, &Piece::of_function(function));
        }
        for call in delta.tool_calls.iter().flatten() {
            self.piece(out, &Piece::of_call(call));
        }
    }

    /// Whether nothing was said yet.
    pub(super) fn is_silent(&self) -> bool {
        self.said_bytes == 0 && self.calls.list.is_empty()
    }

    /// Writes all that waits, and closes the last block.
    pub(super) fn finish(&mut self, out: &mut BytesMut) {
        self.flush_tags(out);
        self.pump(out, Pump::Last);
        self.blocks.close(out);
    }

    /// What §4.2 asks about the calls. Calls that never got a name do not count.
    pub(super) fn calls(&self) -> stop_reason::Calls {
        let mut started = self.calls.list.iter().filter(|call| call.started).peekable();
        if started.peek().is_none() {
            return stop_reason::Calls::None;
        }
        if started.any(|call| call.arguments.is_cut()) {
            stop_reason::Calls::Cut
        } else {
            stop_reason::Calls::Complete
        }
    }

    fn each_text(&mut self, json: &RawValue, mut take: impl FnMut(&mut Self, EscapedText<'_>)) {
        for text in texts(json) {
            take(self, text);
        }
    }

    fn content(&mut self, out: &mut BytesMut, text: EscapedText<'_>) {
        match &mut self.tags {
            Some(tags) => {
                let parts = tags.split(text);
                self.parts(out, parts);
            }
            None => self.say(out, Kind::Text, text),
        }
    }

    fn parts(&mut self, out: &mut BytesMut, parts: Parts) {
        for (part, text) in parts {
            let kind = match part {
                Part::Thinking => Kind::Thinking,
                Part::Text => Kind::Text,
            };
            self.say(out, kind, EscapedText::from_escaped(&text));
        }
    }

    /// Text of any kind: sent at once, or held while a call is unfinished.
    fn say(&mut self, out: &mut BytesMut, kind: Kind, text: EscapedText<'_>) {
        self.said_bytes += text.escaped().len();
        if kind == Kind::Thinking && self.thinking == Thinking::Discarded {
            return;
        }
        self.pump(out, Pump::Named);
        if self.blocks.in_tool() {
            self.held.push(kind, text);
            self.pump(out, Pump::Live);
        } else {
            self.blocks.write(out, kind, text);
        }
    }

    fn flush_tags(&mut self, out: &mut BytesMut) {
        if let Some(tags) = &mut self.tags {
            let parts = tags.flush();
            self.parts(out, parts);
        }
    }

    fn piece(&mut self, out: &mut BytesMut, piece: &Piece<'_>) {
        self.flush_tags(out);
        let place = self.calls.place_of(piece);
        let live = self.blocks.in_tool() && place + 1 == self.next_call;
        let text = EscapedText::from_escaped(&piece.arguments);
        self.said_bytes += text.escaped().len();
        if let Some(text) = self.calls.list[place].arguments.push(text, live) {
            self.blocks.write(out, Kind::Tool, text);
        }
        self.pump(out, Pump::Live);
    }

    /// Moves on as far as the order of blocks allows.
    fn pump(&mut self, out: &mut BytesMut, pump: Pump) {
        loop {
            if self.blocks.in_tool() && !self.advance_open_call(out, pump) {
                return;
            }
            if self.held.is_worth_sending() {
                for (kind, text) in self.held.pieces.drain(..) {
                    self.blocks.write(out, kind, EscapedText::from_escaped(&text));
                }
            }
            if !self.start_next_call(out, pump) {
                return;
            }
        }
    }

    /// Sends what the open call has; says whether its block is finished and closed.
    fn advance_open_call(&mut self, out: &mut BytesMut, pump: Pump) -> bool {
        let others_wait = self.next_call < self.calls.list.len() || self.held.is_worth_sending();
        let arguments = &mut self.calls.list[self.next_call - 1].arguments;
        let finished = pump == Pump::Last || (others_wait && arguments.is_complete());
        let text = if finished {
            arguments.take_last()
        } else {
            arguments.take()
        };
        if let Some(text) = text {
            self.blocks.write(out, Kind::Tool, EscapedText::from_escaped(&text));
        }
        if finished {
            self.blocks.close(out);
        }
        finished
    }

    /// Opens the block of the next call, in the order of first appearance, once its name is whole.
    fn start_next_call(&mut self, out: &mut BytesMut, pump: Pump) -> bool {
        let is_newest = self.next_call + 1 == self.calls.list.len();
        let Some(call) = self.calls.list.get_mut(self.next_call) else {
            return false;
        };
        if call.name.is_empty() {
            // Without a name nobody can run it; the calls behind it still can be.
            let dropped = pump == Pump::Last;
            self.nameless_calls += usize::from(dropped);
            self.next_call += usize::from(dropped);
            return dropped;
        }
        if is_newest && pump == Pump::Live && call.arguments.is_empty() {
            return false; // the name may go on
        }
        call.started = true;
        let id = self.ids.give(&call.id, &mut self.random);
        self.blocks.open_tool(out, &id, &self.names.to_client(&call.name));
        self.next_call += 1;
        true
    }
}

/// How far the pump may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pump {
    /// The newest call's name may still grow.
    Live,
    /// Something else came after the newest call's name, so the name is whole.
    Named,
    /// Nothing more comes.
    Last,
}

impl Held {
    fn push(&mut self, kind: Kind, text: EscapedText<'_>) {
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
            .any(|(kind, text)| *kind != Kind::Text || !blank(text))
    }
}
