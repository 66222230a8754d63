//! Bodies as OpenAI's Responses API sends them.

use serde_json::{Value, json};

use super::Reply;
use super::anthropic::named;

/// A whole response that says `text`.
pub fn response(text: &str) -> Value {
    of_output(json!([message(text)]))
}

/// A whole response with this output.
pub fn of_output(output: Value) -> Value {
    json!({
        "id": "resp_up1",
        "object": "response",
        "created_at": 1_700_000_000,
        "status": "completed",
        "error": null,
        "incomplete_details": null,
        "model": "provider-model",
        "output": output,
        "store": false,
        "usage": {
            "input_tokens": 3, "input_tokens_details": {"cached_tokens": 1}, "output_tokens": 2,
            "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 5
        }
    })
}

/// The item that says `text`.
pub fn message(text: &str) -> Value {
    json!({
        "id": "msg_up1", "type": "message", "status": "completed", "role": "assistant",
        "content": [{"type": "output_text", "text": text, "annotations": [], "logprobs": []}]
    })
}

/// A stream that says `pieces`, one event each, up to the last event.
pub fn begun(pieces: &[&str]) -> Reply {
    let mut opening = of_output(json!([]));
    opening["status"] = "in_progress".into();
    opening["usage"] = Value::Null;
    let mut item = message("");
    item["content"] = json!([]);
    let mut events = vec![
        json!({"type": "response.created", "response": opening}),
        json!({"type": "response.in_progress", "response": opening}),
        json!({"type": "response.output_item.added", "output_index": 0, "item": item}),
    ];
    let delta = |text: &&str| {
        json!({"type": "response.output_text.delta", "item_id": "msg_up1", "output_index": 0, "content_index": 0,
            "delta": text, "logprobs": []})
    };
    events.extend(pieces.iter().map(delta));
    let numbered = (0..).zip(events).map(|(number, event)| with_number(event, number));
    numbered.fold(Reply::events(), named)
}

/// A whole stream that says `pieces`, one event each.
pub fn stream(pieces: &[&str]) -> Reply {
    let (text, next) = (pieces.concat(), 3 + pieces.len());
    let done = json!({"type": "response.output_item.done", "output_index": 0, "item": message(&text)});
    let reply = named(begun(pieces), with_number(done, next));
    let last = json!({"type": "response.completed", "response": response(&text)});
    named(reply, with_number(last, next + 1)).end()
}

fn with_number(mut event: Value, number: usize) -> Value {
    event["sequence_number"] = number.into();
    event
}
