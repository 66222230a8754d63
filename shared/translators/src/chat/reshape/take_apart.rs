//! A whole completion as the chunks of a stream.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::json::{Json, Members, to_json};

/// The chunks that a completion comes to, without the end mark. `with_usage` adds the chunk that has nothing but usage.
pub fn take_apart(body: &str, with_usage: bool) -> serde_json::Result<Vec<Vec<u8>>> {
    let mut members: Members<'_> = serde_json::from_str(body)?;
    let usage = members
        .get("usage")
        .map(ToOwned::to_owned)
        .filter(|usage| usage.get() != "null");
    let choices: Vec<Members<'_>> = match members.get("choices") {
        Some(choices) => serde_json::from_str(choices.get())?,
        None => Vec::new(),
    };
    let choices: Vec<Members<'_>> = choices.into_iter().map(chunk_of).collect::<Result<_, _>>()?;
    let choices = to_json(&choices)?;
    members.0.retain(|(name, _)| name != "usage");
    // A completion of a prompt has one form, whole and in pieces.
    if members.get("object").map(RawValue::get) != Some("\"text_completion\"") {
        members.set(Cow::Borrowed("object"), to_json(&"chat.completion.chunk")?);
    }
    members.set(Cow::Borrowed("choices"), choices);
    let mut chunks = vec![serde_json::to_vec(&members)?];
    if let Some(usage) = usage.filter(|_| with_usage) {
        let none: [u8; 0] = [];
        members.set(Cow::Borrowed("choices"), to_json(&none)?);
        members.push(Cow::Borrowed("usage"), Cow::Owned(usage));
        chunks.push(serde_json::to_vec(&members)?);
    }
    Ok(chunks)
}

/// A choice with its message as one delta.
fn chunk_of(choice: Members<'_>) -> serde_json::Result<Members<'_>> {
    let mut chunk = Members::default();
    for (name, value) in choice.0 {
        if name == "message" {
            chunk.push(Cow::Borrowed("delta"), delta_of(&value)?);
        } else {
            chunk.push(name, value);
        }
    }
    Ok(chunk)
}

/// A message whose calls have the index that pieces of calls need.
fn delta_of<'a>(message: &RawValue) -> serde_json::Result<Json<'a>> {
    let mut message: Members<'_> = serde_json::from_str(message.get())?;
    let calls = message.get("tool_calls").map_or("[]", RawValue::get);
    let calls: Vec<Members<'_>> = serde_json::from_str(calls).unwrap_or_default();
    if calls.is_empty() {
        return to_json(&message);
    }
    let indexed: Vec<Members<'_>> = calls
        .into_iter()
        .enumerate()
        .map(|(index, mut call)| {
            call.set(Cow::Borrowed("index"), to_json(&index)?);
            Ok(call)
        })
        .collect::<serde_json::Result<_>>()?;
    let indexed = to_json(&indexed)?;
    message.set(Cow::Borrowed("tool_calls"), indexed);
    to_json(&message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b9_1_a_completion_is_taken_apart_to_chunks() {
        let body = r#"{"id":"x","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"a","tool_calls":[{"id":"c"}]},"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}"#;
        let chunks = |with_usage| -> Vec<String> {
            let chunks = take_apart(body, with_usage).unwrap();
            chunks
                .into_iter()
                .map(|chunk| String::from_utf8(chunk).unwrap())
                .collect()
        };
        let content = r#"{"id":"x","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant","content":"a","tool_calls":[{"id":"c","index":0}]},"finish_reason":"stop"}]}"#;
        let usage = r#"{"id":"x","object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":1}}"#;
        assert_eq!(chunks(true), [content, usage]);
        assert_eq!(chunks(false), [content]);
    }
}
