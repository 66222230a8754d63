//! Bodies as an OpenAI-compatible server sends them.

use serde_json::{Value, json};

use super::Reply;

/// A whole completion that says `text`.
pub fn completion(text: &str) -> Value {
    json!({
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "provider-model",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    })
}

/// A chunk that adds `text`.
pub fn chunk(text: &str) -> Value {
    chunk_of(json!([{"index": 0, "delta": {"content": text}, "finish_reason": null}]))
}

/// The chunk that says why the model has stopped.
pub fn stop() -> Value {
    chunk_of(json!([{"index": 0, "delta": {}, "finish_reason": "stop"}]))
}

/// The last chunk of a stream that was asked for its usage.
pub fn usage() -> Value {
    let mut chunk = chunk_of(json!([]));
    chunk["usage"] = json!({"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5});
    chunk
}

/// A whole stream that says `pieces`, one event each.
pub fn stream(pieces: &[&str]) -> Reply {
    Reply::events()
        .each(pieces.iter().map(|piece| chunk(piece)))
        .event(&stop())
        .event(&usage())
        .done()
}

fn chunk_of(choices: Value) -> Value {
    json!({
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": "provider-model",
        "choices": choices
    })
}
