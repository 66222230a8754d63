//! Anthropic's messages, whole, as their clients read them.

use super::{Heard, append, count, must, need};
use crate::json::{Json, Style};
use crate::truth::{Arguments, Block, Call, Stop, Usage};

pub(super) fn whole(json: &Json) -> Result<Heard, String> {
    envelope(json)?;
    let mut heard = Heard {
        stop: Some(stop(json)?),
        usage: Some(usage(json)?),
        ..Heard::default()
    };
    for block in json.get("content").ok_or("no content")?.items() {
        match need(block, &["type"])? {
            "text" => {
                must(!need(block, &["text"])?.is_empty(), "an empty text block")?;
                append(&mut heard.blocks, false, need(block, &["text"])?);
            }
            "thinking" => {
                need(block, &["signature"])?;
                append(&mut heard.blocks, true, need(block, &["thinking"])?);
            }
            "tool_use" => heard.blocks.push(Block::Call(tool_use(block)?)),
            other => return Err(format!("a block of type {other}")),
        }
    }
    calls_and_stop(&heard)?;
    Ok(heard)
}

pub(super) fn envelope(json: &Json) -> Result<(), String> {
    must(json.text_at(&["type"]) == Some("message"), "not of type message")?;
    must(
        json.text_at(&["role"]) == Some("assistant"),
        "a message of another role",
    )?;
    need(json, &["id"])?;
    need(json, &["model"])?;
    must(
        matches!(json.get("content"), Some(Json::Array(_))),
        "content that is no list",
    )?;
    must(
        json.get("stop_reason").is_some() && json.get("stop_sequence").is_some(),
        "no stop_reason or stop_sequence",
    )
}

pub(super) fn tool_use(block: &Json) -> Result<Call, String> {
    let input = block
        .get("input")
        .filter(|input| input.is_object())
        .ok_or("a tool_use whose input is no object")?;
    Ok(Call {
        id: Some(need(block, &["id"])?.to_owned()),
        name: need(block, &["name"])?.to_owned(),
        arguments: Arguments::Object(input.write(Style::default())),
    })
}

/// The reason of the end in a message, or in the delta of one.
pub(super) fn stop(json: &Json) -> Result<Stop, String> {
    Ok(match need(json, &["stop_reason"])? {
        "end_turn" | "stop_sequence" => Stop::Natural,
        "tool_use" => Stop::ToolUse,
        "max_tokens" => Stop::MaxTokens,
        "refusal" => Stop::Filtered,
        other => return Err(format!("stop_reason {other}")),
    })
}

/// A client runs its tools if and only if the message says so.
pub(super) fn calls_and_stop(heard: &Heard) -> Result<(), String> {
    let calls = heard.blocks.iter().any(|block| matches!(block, Block::Call(_)));
    match heard.stop {
        Some(Stop::ToolUse) => must(calls, "stop_reason tool_use without a call"),
        Some(Stop::Natural) => must(!calls, "a call without stop_reason tool_use"),
        _ => Ok(()),
    }
}

/// The counts of a whole message.
pub(super) fn usage(json: &Json) -> Result<Usage, String> {
    let optional = |name: &str| {
        if json.is_null_at(&["usage", name]) {
            Ok(0)
        } else {
            count(json, &["usage", name])
        }
    };
    let cached = optional("cache_read_input_tokens")?;
    let written = optional("cache_creation_input_tokens")?;
    let reasoning = json
        .count_at(&["usage", "output_tokens_details", "thinking_tokens"])
        .unwrap_or_default();
    let input = count(json, &["usage", "input_tokens"])? + cached + written;
    Ok(Usage {
        input,
        cached,
        output: count(json, &["usage", "output_tokens"])?,
        reasoning,
    })
}
