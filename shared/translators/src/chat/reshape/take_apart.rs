//! A whole completion as the chunks of a stream.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::raw;
use crate::json::{Json, Members};

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
    let choices = raw(&choices)?;
    members.0.retain(|(name, _)| name != "usage");
    members.set(Cow::Borrowed("object"), raw(&"chat.completion.chunk")?);
    members.set(Cow::Borrowed("choices"), choices);
    let mut chunks = vec![serde_json::to_vec(&members)?];
    if let Some(usage) = usage.filter(|_| with_usage) {
        let none: [u8; 0] = [];
        members.set(Cow::Borrowed("choices"), raw(&none)?);
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
        return raw(&message);
    }
    let indexed: Vec<Members<'_>> = calls
        .into_iter()
        .enumerate()
        .map(|(index, mut call)| {
            call.set(Cow::Borrowed("index"), raw(&index)?);
            Ok(call)
        })
        .collect::<serde_json::Result<_>>()?;
    let indexed = raw(&indexed)?;
    message.set(Cow::Borrowed("tool_calls"), indexed);
    raw(&message)
}
