//! Bodies as Anthropic's Messages API sends them.

use serde_json::{Value, json};

use super::Reply;

/// A whole message that says `text`.
pub fn message(text: &str) -> Value {
    json!({
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "provider-model",
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": null,
        "usage": {"input_tokens": 3, "output_tokens": 2}
    })
}

/// A whole stream that says `pieces`, one event each.
pub fn stream(pieces: &[&str]) -> Reply {
    let mut start = message("");
    start["content"] = json!([]);
    start["stop_reason"] = Value::Null;
    let reply = named(Reply::events(), json!({"type": "message_start", "message": start}));
    let text = json!({"type": "text", "text": ""});
    let reply = named(
        reply,
        json!({"type": "content_block_start", "index": 0, "content_block": text}),
    );
    let reply = pieces.iter().fold(reply, |reply, piece| named(reply, delta(piece)));
    let reply = named(reply, json!({"type": "content_block_stop", "index": 0}));
    let stop = json!({"stop_reason": "end_turn", "stop_sequence": null});
    let reply = named(
        reply,
        json!({"type": "message_delta", "delta": stop, "usage": {"output_tokens": 2}}),
    );
    named(reply, json!({"type": "message_stop"})).end()
}

/// The event that adds `text` to the first block.
pub fn delta(text: &str) -> Value {
    json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}})
}

/// Adds `event` under the name of its type.
pub fn named(reply: Reply, event: Value) -> Reply {
    let name = event["type"].as_str().unwrap();
    reply.bytes(format!("event: {name}\ndata: {event}\n\n"))
}
