//! Anthropic's messages: the events of a stream and the whole object.

use super::{Event, Part, Speech, pieces};
use crate::json::{Json, json};
use crate::rng::Rng;
use crate::truth::{Block, Call, Stop, Usage};

pub(super) fn events(speech: &Speech<'_>, rng: &mut Rng) -> Vec<Event> {
    let mut usage = usage_json(speech.truth.usage);
    usage.set("output_tokens", 1);
    let message = envelope(rng, json!([]), Json::Null, usage);
    let mut events = vec![Event::named(
        Part::Head,
        json!({"type": "message_start", "message": message}),
    )];
    if rng.one_in(2) {
        events.push(Event::named(Part::Noise, json!({"type": "ping"})));
    }
    let mut ordinal = 0;
    for (index, block) in speech.truth.blocks.iter().enumerate() {
        let (part, start, deltas) = match block {
            Block::Thinking(text) => (
                Part::Thinking,
                json!({"type": "thinking", "thinking": "", "signature": ""}),
                thinking(text, rng),
            ),
            Block::Text(text) => (
                Part::Text,
                json!({"type": "text", "text": ""}),
                of_kind("text_delta", "text", text, rng),
            ),
            Block::Call(call) => {
                let deltas = of_kind("input_json_delta", "partial_json", &speech.sent[ordinal], rng);
                ordinal += 1;
                (Part::Call(ordinal - 1), tool_use(call, json!({})), deltas)
            }
        };
        say_block(&mut events, (part, index), start, deltas);
    }
    end(&mut events, speech, rng);
    events
}

fn say_block(events: &mut Vec<Event>, (part, index): (Part, usize), start: Json, deltas: Vec<Json>) {
    let start = json!({"type": "content_block_start", "index": index, "content_block": start});
    events.push(Event::named(Part::Edge, start));
    events.extend(deltas.into_iter().map(|delta| {
        let part = if delta.text_at(&["type"]) == Some("signature_delta") {
            Part::Edge
        } else {
            part
        };
        Event::named(
            part,
            json!({"type": "content_block_delta", "index": index, "delta": delta}),
        )
    }));
    events.push(Event::named(
        Part::Edge,
        json!({"type": "content_block_stop", "index": index}),
    ));
}

fn end(events: &mut Vec<Event>, speech: &Speech<'_>, rng: &mut Rng) {
    let full = usage_json(speech.truth.usage);
    let output = full.get("output_tokens").cloned().unwrap_or(Json::Null);
    // Older servers tell the output alone; newer ones repeat the whole.
    let usage = if rng.one_in(2) {
        json!({"output_tokens": output})
    } else {
        full
    };
    let delta = json!({"stop_reason": (stop_word(speech)), "stop_sequence": null});
    events.push(Event::named(
        Part::Finish,
        json!({"type": "message_delta", "delta": delta, "usage": usage}),
    ));
    events.push(Event::named(Part::Done, json!({"type": "message_stop"})));
}

fn thinking(text: &str, rng: &mut Rng) -> Vec<Json> {
    let mut deltas = of_kind("thinking_delta", "thinking", text, rng);
    deltas.push(json!({"type": "signature_delta", "signature": "EqQBCkYIBRgCKkD/sig+nature=="}));
    deltas
}

fn of_kind(kind: &str, member: &str, text: &str, rng: &mut Rng) -> Vec<Json> {
    let delta = |piece: String| {
        Json::Object(vec![
            ("type".to_owned(), kind.into()),
            (member.to_owned(), piece.into()),
        ])
    };
    pieces(text, rng).into_iter().map(delta).collect()
}

pub(super) fn body(speech: &Speech<'_>, rng: &mut Rng) -> Json {
    let mut sent = speech.sent.iter();
    let blocks = speech.truth.blocks.iter().map(|block| match block {
        Block::Thinking(text) => {
            json!({"type": "thinking", "thinking": text, "signature": "EqQBCkYIBRgCKkD/sig+nature=="})
        }
        Block::Text(text) => json!({"type": "text", "text": text}),
        Block::Call(call) => {
            let input = sent.next().and_then(|sent| Json::parse(sent).ok());
            tool_use(call, input.unwrap_or(json!({})))
        }
    });
    let blocks: Vec<Json> = blocks.collect();
    envelope(
        rng,
        blocks.into(),
        stop_word(speech).into(),
        usage_json(speech.truth.usage),
    )
}

fn tool_use(call: &Call, input: Json) -> Json {
    let mut block = json!({"type": "tool_use", "name": (&call.name), "input": input});
    if let Some(id) = &call.id {
        block.add("id", id);
    }
    block
}

fn envelope(rng: &mut Rng, content: Json, stop_reason: Json, usage: Json) -> Json {
    json!({
        "id": (format!("msg_{}", rng.below(1 << 30))), "type": "message", "role": "assistant", "model": "backend-model",
        "content": content, "stop_reason": stop_reason, "stop_sequence": null, "usage": usage,
    })
}

fn stop_word(speech: &Speech<'_>) -> String {
    let usual = match speech.truth.stop {
        Stop::Natural => "end_turn",
        Stop::ToolUse => "tool_use",
        Stop::MaxTokens => "max_tokens",
        Stop::Filtered => "refusal",
    };
    speech.finish.unwrap_or(usual).to_owned()
}

pub(crate) fn usage_json(usage: Usage) -> Json {
    json!({
        "input_tokens": (usage.input - usage.cached), "cache_creation_input_tokens": 0, "cache_read_input_tokens": (usage.cached),
        "output_tokens": (usage.output), "output_tokens_details": {"thinking_tokens": (usage.reasoning)},
    })
}
