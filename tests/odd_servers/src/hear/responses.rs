//! OpenAI's responses, whole, as their clients read them.

use super::{Heard, HeardFailure, append, arguments, count, must, need};
use crate::json::Json;
use crate::truth::{Block, Call, Stop, Usage};

/// Members that every response object has (RA1).
const MEMBERS: &[&str] = &[
    "id",
    "object",
    "created_at",
    "status",
    "background",
    "error",
    "incomplete_details",
    "instructions",
    "max_output_tokens",
    "metadata",
    "model",
    "output",
    "parallel_tool_calls",
    "previous_response_id",
    "reasoning",
    "store",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_p",
    "truncation",
    "usage",
];

pub(super) fn whole(json: &Json) -> Result<Heard, String> {
    object(json)?;
    finished(json)
}

pub(super) fn object(json: &Json) -> Result<(), String> {
    must(json.text_at(&["object"]) == Some("response"), "another object")?;
    let missing = MEMBERS.iter().find(|name| json.get(name).is_none());
    missing.map_or(Ok(()), |name| Err(format!("a response without {name}")))
}

/// A response that is completed or incomplete.
pub(super) fn finished(json: &Json) -> Result<Heard, String> {
    let mut heard = Heard {
        stop: Some(stop(json)?),
        usage: Some(usage(json)?),
        ..Heard::default()
    };
    let mut ids = Vec::new();
    for item in json.get("output").ok_or("no output")?.items() {
        let id = need(item, &["id"])?;
        must(!ids.contains(&id), "two items with one id")?;
        ids.push(id);
        let refused = read(item, &mut heard.blocks)?;
        if refused {
            heard.stop = Some(Stop::Filtered);
        }
    }
    if heard.stop == Some(Stop::Natural) && heard.blocks.iter().any(|block| matches!(block, Block::Call(_))) {
        heard.stop = Some(Stop::ToolUse);
    }
    Ok(heard)
}

/// Reads one item; true if it is a refusal.
pub(super) fn read(item: &Json, blocks: &mut Vec<Block>) -> Result<bool, String> {
    let mut refused = false;
    match need(item, &["type"])? {
        "message" => {
            must(
                item.text_at(&["role"]) == Some("assistant"),
                "a message of another role",
            )?;
            for part in item.get("content").ok_or("a message without content")?.items() {
                match need(part, &["type"])? {
                    "output_text" => append(blocks, false, need(part, &["text"])?),
                    "refusal" => refused = !need(part, &["refusal"])?.is_empty(),
                    other => return Err(format!("a part of type {other}")),
                }
            }
        }
        "reasoning" => {
            let summary = item.get("summary").ok_or("reasoning without a summary")?.items();
            for part in summary
                .iter()
                .chain(item.get("content").map(Json::items).unwrap_or_default())
            {
                append(blocks, true, need(part, &["text"])?);
            }
        }
        "function_call" => blocks.push(Block::Call(Call {
            id: Some(need(item, &["call_id"])?.to_owned()),
            name: need(item, &["name"])?.to_owned(),
            arguments: arguments(need(item, &["arguments"])?),
        })),
        other => return Err(format!("an item of type {other}")),
    }
    Ok(refused)
}

fn stop(json: &Json) -> Result<Stop, String> {
    match (
        need(json, &["status"])?,
        json.text_at(&["incomplete_details", "reason"]),
    ) {
        ("completed", None) => Ok(Stop::Natural),
        ("incomplete", Some("max_output_tokens")) => Ok(Stop::MaxTokens),
        ("incomplete", Some("content_filter")) => Ok(Stop::Filtered),
        (status, reason) => Err(format!("status {status} with reason {reason:?}")),
    }
}

fn usage(json: &Json) -> Result<Usage, String> {
    let (input, output) = (
        count(json, &["usage", "input_tokens"])?,
        count(json, &["usage", "output_tokens"])?,
    );
    must(
        count(json, &["usage", "total_tokens"])? == input + output,
        "total_tokens is not the sum",
    )?;
    let cached = count(json, &["usage", "input_tokens_details", "cached_tokens"])?;
    let reasoning = count(json, &["usage", "output_tokens_details", "reasoning_tokens"])?;
    Ok(Usage {
        input,
        cached,
        output,
        reasoning,
    })
}

/// The error of a response that failed.
pub(super) fn failure(response: &Json) -> Result<HeardFailure, String> {
    must(
        response.text_at(&["status"]) == Some("failed"),
        "response.failed of another status",
    )?;
    let code = need(response, &["error", "code"])?.to_owned();
    let message = need(response, &["error", "message"])?.to_owned();
    must(!message.is_empty(), "an error with an empty message")?;
    Ok(HeardFailure {
        status: None,
        kind: code.clone(),
        code: Some(code),
        message,
    })
}
