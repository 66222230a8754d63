//! The events of a Responses stream (RS2, RS3), written as server-sent events into a buffer.
//!
//! Deltas are written by hand: they are nearly all of a stream, and their text is escaped already.

use std::fmt::Write as _;

use bytes::BytesMut;

use super::item::{Item, ItemKind, quoted};
use super::response::{Head, ResponseObject};
use crate::json::EscapedText;

/// Writes whole events and numbers them. Nothing here knows which event may follow which.
#[derive(Debug)]
pub struct EventWriter<'a> {
    pub out: &'a mut BytesMut,
    /// The number of the next event.
    pub sequence: &'a mut u64,
}

impl EventWriter<'_> {
    pub fn created(&mut self, head: &Head) {
        self.response("response.created", &ResponseObject::in_progress(head));
    }

    pub fn in_progress(&mut self, head: &Head) {
        self.response("response.in_progress", &ResponseObject::in_progress(head));
    }

    /// The event that ends a response.
    pub fn terminal(&mut self, kind: &str, response: &ResponseObject<'_>) {
        self.response(kind, response);
    }

    /// An item begins, and with it its part if it has one.
    pub fn item_added(&mut self, index: usize, item: &Item) {
        self.item("response.output_item.added", index, &item.added());
        self.part(".added", index, item, "");
    }

    pub fn delta(&mut self, index: usize, item: &Item, text: EscapedText<'_>) {
        let Some(events) = item.kind.events() else { return };
        self.open(events.text, ".delta");
        self.of_item(index, item);
        self.raw(",\"delta\":\"");
        self.raw(text.escaped());
        self.raw("\"");
        self.raw(events.besides);
        self.close();
    }

    /// An item ends: its text, its part, and the item as `done`.
    pub fn item_done(&mut self, index: usize, item: &Item, done: &str) {
        if let Some(events) = item.kind.events() {
            self.open(events.text, ".done");
            self.of_item(index, item);
            self.raw(",\"");
            self.raw(events.member);
            self.raw("\":\"");
            self.raw(&item.text);
            self.raw("\"");
            self.raw(events.besides);
            if let ItemKind::Call { tool, .. } = &item.kind
                && events.member == "arguments"
            {
                self.raw(",\"name\":");
                self.raw(&quoted(&tool.name));
            }
            self.close();
            self.part(".done", index, item, &item.text);
        }
        self.item("response.output_item.done", index, done);
    }

    fn part(&mut self, step: &str, index: usize, item: &Item, text: &str) {
        let Some((part, _)) = item.kind.events().and_then(|events| events.part) else {
            return;
        };
        self.open(part, step);
        self.of_item(index, item);
        self.raw(",\"part\":");
        self.raw(&item.kind.part(text));
        self.close();
    }

    fn item(&mut self, kind: &str, index: usize, item: &str) {
        self.open(kind, "");
        self.raw(",\"output_index\":");
        self.number(index as u64);
        self.raw(",\"item\":");
        self.raw(item);
        self.close();
    }

    /// The members by which an event names its item.
    fn of_item(&mut self, index: usize, item: &Item) {
        self.raw(",\"item_id\":\"");
        self.raw(&item.id);
        self.raw("\",\"output_index\":");
        self.number(index as u64);
        if let Some((_, number)) = item.kind.events().and_then(|events| events.part) {
            self.raw(",\"");
            self.raw(number);
            self.raw("\":0");
        }
    }

    fn response(&mut self, kind: &str, response: &ResponseObject<'_>) {
        let mut json = String::with_capacity(response.capacity());
        response.write(&mut json);
        self.open(kind, "");
        self.raw(",\"response\":");
        self.raw(&json);
        self.close();
    }

    fn open(&mut self, kind: &str, step: &str) {
        for text in [
            "event: ",
            kind,
            step,
            "\ndata: {\"type\":\"",
            kind,
            step,
            "\",\"sequence_number\":",
        ] {
            self.raw(text);
        }
        self.number(*self.sequence);
        *self.sequence += 1;
    }

    fn close(&mut self) {
        self.raw("}\n\n");
    }

    fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn number(&mut self, number: u64) {
        let written = write!(self.out, "{number}");
        debug_assert!(written.is_ok(), "a buffer in memory takes everything");
    }
}
