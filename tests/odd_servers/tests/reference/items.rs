//! Messages and responses, tolerantly.

use odd_servers::{Arguments, Block, Call, Json, Stop, Style};

use crate::{Event, Read, errors};

fn call(json: &Json, id: &str, arguments: String) -> Block {
    let id = json.text_at(&[id]).map(str::to_owned);
    Block::Call(Call {
        id,
        name: json.text_at(&["name"]).unwrap_or_default().to_owned(),
        arguments: Arguments::Cut(arguments),
    })
}

fn message_stop(json: &Json) -> Option<Stop> {
    match json.text_at(&["stop_reason"])? {
        "max_tokens" => Some(Stop::MaxTokens),
        "refusal" => Some(Stop::Filtered),
        _ => Some(Stop::Natural),
    }
}

pub(crate) fn message(json: &Json, read: &mut Read) {
    for block in json.get("content").map(Json::items).unwrap_or_default() {
        begin(block, read);
    }
    if let Some(usage) = json.get("usage") {
        read.usage.messages(usage);
    }
    read.usage = read.usage.with_cached();
    read.stop = message_stop(json);
    if read.stop.is_none() {
        read.fail("no message");
    }
}

/// A block as it begins, or whole.
fn begin(block: &Json, read: &mut Read) {
    match block.text_at(&["type"]) {
        Some("tool_use") => {
            let input = block.get("input").filter(|input| !input.members().is_empty());
            read.blocks.push(call(
                block,
                "id",
                input.map(|input| input.write(Style::default())).unwrap_or_default(),
            ));
        }
        kind => {
            let text = block.text_at(&["text"]).or(block.text_at(&["thinking"]));
            read.say(kind == Some("thinking"), text.unwrap_or_default());
        }
    }
}

/// The JSON of the events up to an error, or one that cannot be read.
fn jsons(events: &[Event], read: &mut Read, mut each: impl FnMut(&str, &Json, &mut Read)) {
    for event in events {
        match Json::parse(&event.data) {
            Ok(Json::Null) => {}
            Ok(json) => {
                if let Some(message) = errors::message(&json, &event.name) {
                    return read.fail(message);
                }
                each(json.text_at(&["type"]).unwrap_or_default(), &json, read);
            }
            Err(_) if read.stop.is_some() => return,
            Err(fault) => return read.fail(fault),
        }
    }
}

pub(crate) fn messages_stream(events: &[Event], read: &mut Read) {
    jsons(events, read, |kind, json, read| {
        let usage = json.get("usage").or(json.at(&["message", "usage"]));
        if let Some(usage) = usage {
            read.usage.messages(usage);
        }
        match kind {
            "content_block_start" => json.get("content_block").iter().for_each(|block| begin(block, read)),
            "content_block_delta" => {
                read.say(true, json.text_at(&["delta", "thinking"]).unwrap_or_default());
                read.say(false, json.text_at(&["delta", "text"]).unwrap_or_default());
                if let (Some(Block::Call(call)), Some(text)) =
                    (read.blocks.last_mut(), json.text_at(&["delta", "partial_json"]))
                {
                    call.arguments = Arguments::Cut(format!("{}{text}", call.arguments.text()));
                }
            }
            "message_delta" => read.stop = json.get("delta").and_then(message_stop).or(read.stop),
            _ => {}
        }
    });
    read.usage = read.usage.with_cached();
}

pub(crate) fn response(json: &Json, read: &mut Read) {
    let output = json.get("output").map(Json::items).unwrap_or_default();
    if !output.is_empty() {
        read.blocks.clear();
    }
    for item in output {
        whole_item(item, read);
    }
    if let Some(usage) = json.get("usage") {
        read.usage.responses(usage);
    }
    read.stop = match (
        json.text_at(&["status"]),
        json.text_at(&["incomplete_details", "reason"]),
    ) {
        (Some("completed"), _) => Some(Stop::Natural),
        (Some("incomplete"), Some("content_filter")) => Some(Stop::Filtered),
        (Some("incomplete"), _) => Some(Stop::MaxTokens),
        _ => None,
    };
    if read.stop.is_none() {
        read.fail("no response");
    }
}

fn whole_item(item: &Json, read: &mut Read) {
    if item.text_at(&["type"]) == Some("function_call") {
        let arguments = item.text_at(&["arguments"]).unwrap_or_default().to_owned();
        return read.blocks.push(call(item, "call_id", arguments));
    }
    for list in ["summary", "content"] {
        for part in item.get(list).map(Json::items).unwrap_or_default() {
            read.say(
                item.text_at(&["type"]) == Some("reasoning"),
                part.text_at(&["text"]).unwrap_or_default(),
            );
        }
    }
}

/// Reads the last event alone where it has the output, else the items as they were done or begun.
pub(crate) fn responses_stream(events: &[Event], read: &mut Read) {
    let mut blocks_before_item = 0;
    jsons(events, read, |kind, json, read| match kind {
        "response.output_item.added" => {
            blocks_before_item = read.blocks.len();
            if let Some(item) = json
                .get("item")
                .filter(|item| item.text_at(&["type"]) == Some("function_call"))
            {
                read.blocks.push(call(item, "call_id", String::new()));
            }
        }
        "response.output_item.done" => {
            read.blocks.truncate(blocks_before_item);
            json.get("item").iter().for_each(|item| whole_item(item, read));
        }
        "response.output_text.delta" => read.say(false, json.text_at(&["delta"]).unwrap_or_default()),
        "response.reasoning_text.delta" | "response.reasoning_summary_text.delta" => {
            read.say(true, json.text_at(&["delta"]).unwrap_or_default());
        }
        "response.function_call_arguments.delta" => {
            if let (Some(Block::Call(call)), Some(text)) = (read.blocks.last_mut(), json.text_at(&["delta"])) {
                call.arguments = Arguments::Cut(format!("{}{text}", call.arguments.text()));
            }
        }
        "response.completed" | "response.incomplete" => {
            json.get("response").iter().for_each(|whole| response(whole, read));
        }
        _ => {}
    });
}
