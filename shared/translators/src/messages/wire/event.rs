//! The events of a Messages stream, written as server-sent events into a buffer.
//!
//! Deltas are written by hand: they are nearly all of a stream, and their text is escaped already.

use std::fmt::Write as _;

use bytes::BytesMut;
use serde::Serialize;
use serde_json::value::RawValue;

use super::message::{ResponseMessage, StopDetails, StopReason};
use crate::error::BackendError;
use crate::json::EscapedText;
use crate::sse;
use crate::usage::AnthropicUsage;

/// Writes whole events. Nothing here knows which event may follow which.
#[derive(Debug)]
pub struct EventWriter<'a> {
    pub out: &'a mut BytesMut,
}

/// The kind of text that a delta adds to its block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockDelta {
    Text,
    Thinking,
    InputJson,
}

/// The end of a message: why it stopped, and the totals.
#[derive(Debug, Serialize)]
pub struct MessageDelta<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    delta: StopDelta<'a>,
    usage: AnthropicUsage,
}

#[expect(clippy::struct_field_names, reason = "these are the names on the wire")]
#[derive(Debug, Serialize)]
struct StopDelta<'a> {
    stop_reason: StopReason,
    stop_sequence: Option<&'a str>,
    stop_details: Option<StopDetails>,
}

impl<'a> MessageDelta<'a> {
    pub fn new(
        stop_reason: StopReason,
        stop_sequence: Option<&'a str>,
        refusal: Option<Box<RawValue>>,
        usage: AnthropicUsage,
    ) -> Self {
        let stop_details = StopDetails::of(stop_reason, refusal);
        Self {
            kind: "message_delta",
            delta: StopDelta {
                stop_reason,
                stop_sequence,
                stop_details,
            },
            usage,
        }
    }
}

#[derive(Serialize)]
struct MessageStart<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    message: &'a ResponseMessage<'a>,
}

impl EventWriter<'_> {
    pub fn message_start(&mut self, message: &ResponseMessage<'_>) {
        self.encode(
            "message_start",
            &MessageStart {
                kind: "message_start",
                message,
            },
        );
    }

    pub fn ping(&mut self) {
        self.raw("event: ping\ndata: {\"type\":\"ping\"}\n\n");
    }

    pub fn text_start(&mut self, index: u32) {
        self.block_start(index, "{\"type\":\"text\",\"text\":\"\"}");
    }

    pub fn thinking_start(&mut self, index: u32) {
        self.block_start(index, "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}");
    }

    pub fn tool_start(&mut self, index: u32, id: &str, name: &str) {
        #[derive(Serialize)]
        struct ToolUse<'a> {
            #[serde(rename = "type")]
            kind: &'static str,
            id: &'a str,
            name: &'a str,
            input: Empty,
        }
        #[derive(Serialize)]
        struct Empty {}
        let block = serde_json::to_string(&ToolUse {
            kind: "tool_use",
            id,
            name,
            input: Empty {},
        });
        debug_assert!(block.is_ok(), "strings always serialise");
        self.block_start(index, &block.unwrap_or_default());
    }

    pub fn delta(&mut self, index: u32, delta: BlockDelta, text: EscapedText<'_>) {
        let (kind, field) = match delta {
            BlockDelta::Text => ("text_delta", "text"),
            BlockDelta::Thinking => ("thinking_delta", "thinking"),
            BlockDelta::InputJson => ("input_json_delta", "partial_json"),
        };
        self.block_delta(index, kind, field, text.escaped());
    }

    /// `signature` is made of characters that need no escape.
    pub fn signature_delta(&mut self, index: u32, signature: &str) {
        self.block_delta(index, "signature_delta", "signature", signature);
    }

    pub fn block_stop(&mut self, index: u32) {
        self.raw("event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":");
        self.number(index);
        self.raw("}\n\n");
    }

    pub fn message_delta(&mut self, delta: &MessageDelta<'_>) {
        self.encode("message_delta", delta);
    }

    pub fn message_stop(&mut self) {
        self.raw("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
    }

    pub fn error(&mut self, error: &BackendError) {
        sse::begin(self.out, "error");
        self.out.extend_from_slice(&error.anthropic_event());
        sse::end(self.out);
    }

    fn block_start(&mut self, index: u32, block: &str) {
        self.raw("event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":");
        self.number(index);
        self.raw(",\"content_block\":");
        self.raw(block);
        self.raw("}\n\n");
    }

    fn block_delta(&mut self, index: u32, kind: &str, field: &str, escaped: &str) {
        self.raw("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":");
        self.number(index);
        self.raw(",\"delta\":{\"type\":\"");
        self.raw(kind);
        self.raw("\",\"");
        self.raw(field);
        self.raw("\":\"");
        self.raw(escaped);
        self.raw("\"}}\n\n");
    }

    fn encode(&mut self, kind: &str, data: &impl Serialize) {
        let written = sse::encode(self.out, kind, data);
        debug_assert!(written.is_ok(), "our own structs always serialise");
    }

    fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn number(&mut self, number: u32) {
        let written = write!(self.out, "{number}");
        debug_assert!(written.is_ok(), "a buffer in memory takes everything");
    }
}
