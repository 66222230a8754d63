//! Chat completions, tolerantly.

use odd_servers::{Json, Stop};

use crate::calls::Calls;
use crate::{Event, Read, errors};

pub(crate) fn stream(events: &[Event], read: &mut Read) {
    let mut calls = Calls::default();
    let mut chunks = 0;
    for event in events {
        if event.data.trim() == "[DONE]" {
            if chunks == 0 {
                read.fail("nothing but an end mark");
            }
            read.stop.get_or_insert(Stop::Natural);
            return;
        }
        match Json::parse(&event.data) {
            Ok(Json::Null) => continue,
            Ok(json) => {
                if let Some(message) = errors::message(&json, &event.name) {
                    return read.fail(message);
                }
                chunk(&json, &mut calls, read);
            }
            Err(_) if read.stop.is_some() => return,
            Err(fault) => return read.fail(fault),
        }
        chunks += 1;
    }
}

fn chunk(json: &Json, calls: &mut Calls, read: &mut Read) {
    if let Some(usage) = json.get("usage") {
        read.usage.chat(usage);
    }
    let ours = |choice: &&Json| choice.count_at(&["index"]).unwrap_or_default() == 0;
    let Some(choice) = json
        .get("choices")
        .map(Json::items)
        .unwrap_or_default()
        .iter()
        .find(ours)
    else {
        return;
    };
    if let Some(delta) = choice.get("delta") {
        texts(delta, read);
        pieces(delta).for_each(|piece| calls.piece(piece, read));
    }
    read.stop = finish(choice).or(read.stop);
}

fn finish(choice: &Json) -> Option<Stop> {
    match choice.text_at(&["finish_reason"]).filter(|word| !word.is_empty())? {
        "length" | "max_tokens" | "MAX_TOKENS" | "model_length" => Some(Stop::MaxTokens),
        "content_filter" => Some(Stop::Filtered),
        _ => Some(Stop::Natural),
    }
}

pub(crate) fn whole(json: &Json, read: &mut Read) {
    if let Some(usage) = json.get("usage") {
        read.usage.chat(usage);
    }
    let Some(choice) = json.at(&["choices", "0"]) else {
        return read.fail("no choice");
    };
    if let Some(message) = choice.get("message") {
        texts(message, read);
        // The calls of a list are apart from one another, whatever their ids are.
        pieces(message).for_each(|call| Calls::default().piece(call, read));
    }
    read.stop = Some(finish(choice).unwrap_or(Stop::Natural));
}

/// A message or a delta.
fn texts(said: &Json, read: &mut Read) {
    let thinking = ["reasoning_content", "reasoning"]
        .into_iter()
        .find_map(|name| said.text_at(&[name]));
    read.say(true, thinking.unwrap_or_default());
    match said.get("content") {
        Some(Json::String(text)) => read.say(false, text),
        Some(Json::Array(parts)) => {
            for part in parts {
                read.say(true, part.text_at(&["thinking", "0", "text"]).unwrap_or_default());
                read.say(false, part.text_at(&["text"]).unwrap_or_default());
            }
        }
        _ => {}
    }
}

fn pieces(said: &Json) -> impl Iterator<Item = &Json> {
    let legacy = said.get("function_call").filter(|call| !call.members().is_empty());
    said.get("tool_calls")
        .map(Json::items)
        .unwrap_or_default()
        .iter()
        .chain(legacy)
}
