//! The report of a backend, in the words of each protocol.

use std::fmt::Write as _;

use odd_servers::Protocol;
use proptest::prelude::*;
use serde_json::{Value, json};
use translators::usage::{Breakdown, ServedTier, Usage};

/// The report of a backend about one response.
#[derive(Clone, Copy, Debug)]
pub(super) struct Report {
    /// Neither read from a cache nor written to one.
    pub(super) uncached: u64,
    pub(super) cached: u64,
    pub(super) written: u64,
    /// Not for thinking.
    said: u64,
    pub(super) reasoning: u64,
    pub(super) tier: Option<ServedTier>,
    style: Style,
}

/// The way in which a stream tells it.
#[derive(Clone, Copy, Debug)]
struct Style {
    /// The usage grows with every chunk of chat.
    is_running: bool,
    /// The tier stands in every chunk of chat, not in the first one alone.
    repeats_tier: bool,
    /// Anthropic's last event repeats the input.
    repeats_input: bool,
}

prop_compose! {
    fn style()(is_running in any::<bool>(), repeats_tier in any::<bool>(), repeats_input in any::<bool>()) -> Style {
        Style { is_running, repeats_tier, repeats_input }
    }
}

fn tier() -> impl Strategy<Value = Option<ServedTier>> {
    let tiers = [ServedTier::Standard, ServedTier::Priority, ServedTier::Flex];
    proptest::option::of(proptest::sample::select(tiers.to_vec()))
}

prop_compose! {
    pub(super) fn report()(
        uncached in 1..5_000u64,
        cached in prop_oneof![Just(0), 1..5_000u64],
        written in prop_oneof![Just(0), 1..5_000u64],
        said in 1..900u64,
        reasoning in prop_oneof![Just(0), 1..900u64],
        tier in tier(),
        style in style(),
    ) -> Report {
        Report { uncached, cached, written, said, reasoning, tier, style }
    }
}

impl Report {
    /// The report that a backend of this protocol can make.
    pub(super) fn by(self, protocol: Protocol) -> Self {
        let tier = match protocol {
            Protocol::Chat => self.tier,
            Protocol::Messages => self.tier.filter(|tier| tier.anthropic().is_some()),
            // A response always has one.
            Protocol::Responses => self.tier.or(Some(ServedTier::Standard)),
        };
        Self { tier, ..self }
    }

    pub(super) fn input(self) -> u64 {
        self.uncached + self.cached + self.written
    }

    pub(super) fn output(self) -> u64 {
        self.said + self.reasoning
    }

    pub(super) fn recorded(self) -> Usage {
        Usage {
            input: self.input(),
            cached_input: self.cached,
            cache_write: self.written,
            output: self.output(),
            reasoning: Some(self.reasoning).filter(|tokens| *tokens > 0),
            breakdown: Breakdown {
                tier: self.tier,
                ..Breakdown::default()
            },
            ..Usage::default()
        }
    }

    /// Chat's `usage` when so many tokens were said.
    fn chat(self, output: u64) -> Value {
        json!({
            "prompt_tokens": self.input(), "completion_tokens": output, "total_tokens": self.input() + output,
            "prompt_tokens_details": {"cached_tokens": self.cached, "cache_write_tokens": self.written},
            "completion_tokens_details": {"reasoning_tokens": self.reasoning.min(output)}
        })
    }

    fn messages(self) -> Value {
        let mut usage = json!({
            "input_tokens": self.uncached, "cache_read_input_tokens": self.cached,
            "cache_creation_input_tokens": self.written, "output_tokens": self.output(),
            "output_tokens_details": {"thinking_tokens": self.reasoning}
        });
        set(&mut usage, "service_tier", self.tier.and_then(ServedTier::anthropic));
        usage
    }

    fn responses(self) -> Value {
        let usage = json!({
            "input_tokens": self.input(), "output_tokens": self.output(), "total_tokens": self.input() + self.output(),
            "input_tokens_details": {"cached_tokens": self.cached, "cache_write_tokens": self.written},
            "output_tokens_details": {"reasoning_tokens": self.reasoning}
        });
        let item = json!({"type": "message", "id": "msg_up", "role": "assistant", "status": "completed",
            "content": [{"type": "output_text", "text": "word", "annotations": []}]});
        json!({"id": "resp_up", "object": "response", "created_at": 1, "status": "completed", "model": "p",
            "output": [item], "usage": usage, "service_tier": self.openai_tier()})
    }

    fn openai_tier(self) -> Option<&'static str> {
        self.tier.and_then(ServedTier::openai)
    }

    /// A whole response in a protocol.
    pub(super) fn whole(self, protocol: Protocol) -> Value {
        match protocol {
            Protocol::Chat => {
                let message = json!({"role": "assistant", "content": "word"});
                let mut whole = json!({"id": "c", "object": "chat.completion", "created": 1, "model": "p",
                    "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                    "usage": self.chat(self.output())});
                set(&mut whole, "service_tier", self.openai_tier());
                whole
            }
            Protocol::Messages => json!({"id": "msg_up", "type": "message", "role": "assistant", "model": "p",
                "content": [{"type": "text", "text": "word"}], "stop_reason": "end_turn", "stop_sequence": null,
                "usage": self.messages()}),
            Protocol::Responses => self.responses(),
        }
    }

    /// The same response as a stream.
    pub(super) fn stream(self, protocol: Protocol) -> String {
        match protocol {
            Protocol::Chat => self.chat_stream(),
            Protocol::Messages => named_events(&self.messages_events()),
            Protocol::Responses => named_events(&self.responses_events()),
        }
    }

    fn chat_stream(self) -> String {
        let choice = |delta: Value, reason: Value| json!([{"index": 0, "delta": delta, "finish_reason": reason}]);
        let said = choice(json!({"role": "assistant", "content": "word"}), Value::Null);
        let parts = [
            (said, 1),
            (choice(json!({}), json!("stop")), 1),
            (json!([]), self.output()),
        ];
        let mut stream = String::new();
        for (place, (choices, output)) in parts.into_iter().enumerate() {
            let mut chunk =
                json!({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "p", "choices": choices});
            if place == 2 || self.style.is_running {
                chunk["usage"] = self.chat(output);
            }
            if place == 0 || self.style.repeats_tier {
                set(&mut chunk, "service_tier", self.openai_tier());
            }
            let _ = write!(stream, "data: {chunk}\n\n");
        }
        stream + "data: [DONE]\n\n"
    }

    fn messages_events(self) -> Vec<Value> {
        let mut start = self.messages();
        (start["output_tokens"], start["output_tokens_details"]) = (json!(1), Value::Null);
        let mut end =
            json!({"output_tokens": self.output(), "output_tokens_details": {"thinking_tokens": self.reasoning}});
        if self.style.repeats_input {
            end = self.messages();
        }
        vec![
            json!({"type": "message_start", "message": {"id": "msg_up", "type": "message", "role": "assistant",
                "model": "p", "content": [], "stop_reason": null, "stop_sequence": null, "usage": start}}),
            json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
            json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "word"}}),
            json!({"type": "content_block_stop", "index": 0}),
            json!({"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": null}, "usage": end}),
            json!({"type": "message_stop"}),
        ]
    }

    fn responses_events(self) -> Vec<Value> {
        let response = self.responses();
        let mut begun = response.clone();
        begun["status"] = json!("in_progress");
        begun["service_tier"] = json!("auto");
        (begun["output"], begun["usage"]) = (json!([]), Value::Null);
        let item = response["output"][0].clone();
        let mut open = item.clone();
        open["content"] = json!([]);
        let (part, text) = (item["content"][0].clone(), item["content"][0]["text"].clone());
        let mut events = vec![
            json!({"type": "response.created", "response": begun}),
            json!({"type": "response.output_item.added", "output_index": 0, "item": open}),
            json!({"type": "response.content_part.added", "output_index": 0, "item_id": "msg_up", "content_index": 0,
                "part": {"type": "output_text", "text": "", "annotations": []}}),
            json!({"type": "response.output_text.delta", "output_index": 0, "item_id": "msg_up", "content_index": 0, "delta": text}),
            json!({"type": "response.output_text.done", "output_index": 0, "item_id": "msg_up", "content_index": 0, "text": text}),
            json!({"type": "response.content_part.done", "output_index": 0, "item_id": "msg_up", "content_index": 0, "part": part}),
            json!({"type": "response.output_item.done", "output_index": 0, "item": item}),
            json!({"type": "response.completed", "response": response}),
        ];
        for (number, event) in events.iter_mut().enumerate() {
            event["sequence_number"] = json!(number);
        }
        events
    }
}

fn set(object: &mut Value, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        object[name] = json!(value);
    }
}

fn named_events(events: &[Value]) -> String {
    let written = |event: &Value| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap());
    events.iter().map(written).collect()
}
