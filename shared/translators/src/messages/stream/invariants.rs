//! The promises about a stream (I1-I10), asserted on what a debug build writes.

use bytes::Bytes;
use serde_json::Value;

use crate::sse::Decoder;

/// Follows a stream from its bytes alone, so that no fault of the writer is shared.
#[derive(Debug, Default)]
pub(super) struct Invariants {
    phase: Phase,
    open: Option<OpenBlock>,
    next_index: u64,
    has_tool_use: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    BeforeStart,
    Blocks,
    Stopping,
    Ended,
}

#[derive(Debug)]
struct OpenBlock {
    kind: String,
    partial_json: String,
    signed: bool,
}

impl Invariants {
    pub(super) fn read(&mut self, written: &[u8]) {
        let mut decoder = Decoder::new(usize::MAX);
        decoder.feed(Bytes::copy_from_slice(written));
        for event in decoder.by_ref() {
            let event = event.ok();
            // The decoder gives no data of a heartbeat (B5.1).
            if event
                .as_ref()
                .is_some_and(|event| event.raw.starts_with(b"event: ping\n"))
            {
                self.event(&serde_json::json!({"type": "ping"}));
                continue;
            }
            let data = event.as_ref().and_then(|event| event.data()).unwrap_or_default();
            // Half a surrogate pair may pass (P5), but serde_json reads no such string.
            let data = String::from_utf8_lossy(data)
                .replace("\\ud", "\\u0")
                .replace("\\uD", "\\u0");
            let data: Option<Value> = serde_json::from_str(&data).ok();
            assert!(data.is_some(), "every event is JSON");
            self.event(&data.unwrap_or_default());
        }
        assert!(decoder.finish().is_none(), "events are written whole");
    }

    fn event(&mut self, event: &Value) {
        assert!(
            self.phase != Phase::Ended,
            "I10, I7: nothing follows an error or message_stop: {event}"
        );
        match event["type"].as_str().unwrap_or_default() {
            "message_start" => self.message_start(&event["message"]),
            "ping" => assert!(self.phase == Phase::Blocks, "I1: ping stands inside of the message"),
            "content_block_start" => self.block_start(event),
            "content_block_delta" => self.delta(event),
            "content_block_stop" => self.block_stop(event),
            "message_delta" => self.message_delta(event),
            "message_stop" => {
                assert!(
                    self.phase == Phase::Stopping,
                    "I7: message_delta comes before message_stop"
                );
                self.phase = Phase::Ended;
            }
            "error" => self.phase = Phase::Ended,
            _ => assert!(event["type"].is_null(), "no event of a Messages stream: {event}"),
        }
    }

    fn message_start(&mut self, message: &Value) {
        assert!(self.phase == Phase::BeforeStart, "I1: message_start is first, and once");
        assert!(
            message["id"].as_str().is_some_and(|id| id.starts_with("msg_")),
            "I1: {message}"
        );
        assert!(
            message["type"] == "message" && message["role"] == "assistant",
            "I1: {message}"
        );
        assert!(
            message["model"].is_string() && message["content"] == Value::Array(Vec::new()),
            "I1: {message}"
        );
        assert!(
            message["stop_reason"].is_null() && message["stop_sequence"].is_null(),
            "I1: {message}"
        );
        check_usage(&message["usage"]);
        self.phase = Phase::Blocks;
    }

    fn block_start(&mut self, event: &Value) {
        assert!(
            self.phase == Phase::Blocks && self.open.is_none(),
            "I2: one block at a time: {event}"
        );
        assert!(event["index"] == self.next_index, "I2: indices have no gaps: {event}");
        self.next_index += 1;
        let block = &event["content_block"];
        let kind = block["type"].as_str().unwrap_or_default().to_owned();
        let empty = match kind.as_str() {
            "text" => block["text"] == "",
            "thinking" => block["thinking"] == "" && block["signature"] == "",
            "tool_use" => {
                self.has_tool_use = true;
                let filled = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
                filled(&block["id"]) && filled(&block["name"]) && block["input"] == serde_json::json!({})
            }
            _ => false,
        };
        assert!(empty, "I3: {event}");
        self.open = Some(OpenBlock {
            kind,
            partial_json: String::new(),
            signed: false,
        });
    }

    fn delta(&mut self, event: &Value) {
        assert!(
            self.next_index > 0 && event["index"] == self.next_index - 1,
            "I2: {event}"
        );
        let open = self.open.as_mut();
        assert!(open.is_some(), "I2: a closed block gets no delta: {event}");
        let Some(open) = open else { return };
        assert!(!open.signed, "I5: the signature is the last delta: {event}");
        let delta = &event["delta"];
        match (open.kind.as_str(), delta["type"].as_str().unwrap_or_default()) {
            ("text", "text_delta") => assert!(delta["text"] != "", "I9: {event}"),
            ("thinking", "thinking_delta") => assert!(delta["thinking"] != "", "I9: {event}"),
            ("thinking", "signature_delta") => open.signed = true,
            ("tool_use", "input_json_delta") => {
                open.partial_json
                    .push_str(delta["partial_json"].as_str().unwrap_or_default());
            }
            _ => assert!(event.is_null(), "I4: {event}"),
        }
    }

    fn block_stop(&mut self, event: &Value) {
        assert!(event["index"] == self.next_index.wrapping_sub(1), "I2: {event}");
        let open = self.open.take();
        assert!(open.is_some(), "I2: a block closes once: {event}");
        let Some(open) = open else { return };
        assert!(open.kind != "thinking" || open.signed, "I5: {event}");
        let json = open.partial_json.trim_start();
        assert!(json.is_empty() || json.starts_with('{'), "I6: {json}");
    }

    fn message_delta(&mut self, event: &Value) {
        assert!(
            self.phase == Phase::Blocks && self.open.is_none(),
            "I7: after the last block: {event}"
        );
        let delta = &event["delta"];
        assert!(delta.get("stop_sequence").is_some(), "I7: {event}");
        check_usage(&event["usage"]);
        let reason = delta["stop_reason"].as_str().unwrap_or_default();
        let fits = match reason {
            "tool_use" => self.has_tool_use,
            "stop_sequence" => !self.has_tool_use && delta["stop_sequence"].is_string(),
            // With a tool_use block only where the stream ended inside of it (§5.7).
            "end_turn" | "max_tokens" | "model_context_window_exceeded" | "refusal" => true,
            _ => false,
        };
        assert!(fits, "I8: {event}");
        self.phase = Phase::Stopping;
    }
}

fn check_usage(usage: &Value) {
    for name in [
        "input_tokens",
        "output_tokens",
        "cache_read_input_tokens",
        "cache_creation_input_tokens",
    ] {
        assert!(usage[name].is_u64(), "I1, I7: {name} is an integer: {usage}");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const USAGE: &str =
        r#"{"input_tokens":0,"output_tokens":0,"cache_read_input_tokens":0,"cache_creation_input_tokens":0}"#;

    fn start() -> Value {
        let usage: Value = serde_json::from_str(USAGE).unwrap();
        json!({"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant",
            "model": "m", "content": [], "stop_reason": null, "stop_sequence": null, "usage": usage}})
    }

    fn text_start(index: u64) -> Value {
        json!({"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}})
    }

    fn thinking_start() -> Value {
        json!({"type": "content_block_start", "index": 0,
            "content_block": {"type": "thinking", "thinking": "", "signature": ""}})
    }

    fn tool_start() -> Value {
        json!({"type": "content_block_start", "index": 0,
            "content_block": {"type": "tool_use", "id": "c", "name": "f", "input": {}}})
    }

    fn delta(kind: &str, field: &str, text: &str) -> Value {
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": kind, field: text}})
    }

    fn stop() -> Value {
        json!({"type": "content_block_stop", "index": 0})
    }

    fn end(stop_reason: &str) -> Value {
        let usage: Value = serde_json::from_str(USAGE).unwrap();
        json!({"type": "message_delta", "delta": {"stop_reason": stop_reason, "stop_sequence": null}, "usage": usage})
    }

    fn check(events: &[Value]) {
        let mut invariants = Invariants::default();
        for event in events {
            invariants.read(format!("data: {event}\n\n").as_bytes());
        }
    }

    #[test]
    fn a_stream_in_order_passes() {
        let text = delta("text_delta", "text", "a");
        check(&[
            start(),
            text_start(0),
            text,
            stop(),
            end("end_turn"),
            json!({"type": "message_stop"}),
        ]);
    }

    #[test]
    #[should_panic(expected = "I1")]
    fn i1_nothing_comes_before_message_start() {
        check(&[json!({"type": "ping"})]);
    }

    #[test]
    #[should_panic(expected = "I2")]
    fn i2_two_blocks_are_never_open() {
        check(&[start(), text_start(0), text_start(1)]);
    }

    #[test]
    #[should_panic(expected = "I2")]
    fn i2_indices_have_no_gaps() {
        check(&[start(), text_start(1)]);
    }

    #[test]
    #[should_panic(expected = "I2")]
    fn i2_a_closed_block_gets_no_delta() {
        check(&[start(), text_start(0), stop(), delta("text_delta", "text", "a")]);
    }

    #[test]
    #[should_panic(expected = "I3")]
    fn i3_a_block_starts_empty() {
        let mut start_with_text = text_start(0);
        start_with_text["content_block"]["text"] = "a".into();
        check(&[start(), start_with_text]);
    }

    #[test]
    #[should_panic(expected = "I4")]
    fn i4_a_delta_fits_its_block() {
        check(&[start(), text_start(0), delta("thinking_delta", "thinking", "a")]);
    }

    #[test]
    #[should_panic(expected = "I5")]
    fn i5_a_thinking_block_is_signed() {
        check(&[
            start(),
            thinking_start(),
            delta("thinking_delta", "thinking", "a"),
            stop(),
        ]);
    }

    #[test]
    #[should_panic(expected = "I6")]
    fn i6_input_is_an_object() {
        check(&[
            start(),
            tool_start(),
            delta("input_json_delta", "partial_json", "[1]"),
            stop(),
        ]);
    }

    #[test]
    #[should_panic(expected = "I7")]
    fn i7_the_end_comes_after_the_last_block() {
        check(&[start(), text_start(0), end("end_turn")]);
    }

    #[test]
    #[should_panic(expected = "I8")]
    fn i8_tool_use_needs_a_tool_use_block() {
        check(&[start(), end("tool_use")]);
    }

    #[test]
    #[should_panic(expected = "I9")]
    fn i9_a_delta_is_never_empty() {
        check(&[start(), text_start(0), delta("text_delta", "text", "")]);
    }

    #[test]
    #[should_panic(expected = "I10")]
    fn i10_nothing_follows_an_error() {
        check(&[start(), json!({"type": "error", "error": {}}), json!({"type": "ping"})]);
    }
}
