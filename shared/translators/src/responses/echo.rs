//! The members of a response that repeat its request, with `OpenAI`'s defaults for what the client has not set (RA1).

use std::fmt::Write as _;

use serde_json::value::RawValue;

use crate::error::RequestError;
use crate::json::{EscapedText, Field};

use super::wire::item::{one_line, quoted};
use super::wire::request::{ResponsesBody, Text};

/// The members as JSON, each with a comma before it. `model` is the client's name of the model.
pub(super) fn of(request: &ResponsesBody<'_>, model: &str, previous: Option<&str>) -> Result<String, RequestError> {
    let reasoning = request.reasoning()?;
    let text = text(&request.text()?);
    let previous = previous.map_or_else(|| "null".to_owned(), quoted);
    let mut echo = format!(
        ",\"background\":false,\"previous_response_id\":{previous},\"model\":{},\"text\":{text}",
        quoted(model)
    );
    let or_null = |field: Field<'_>| field.raw().map_or("null", RawValue::get).to_owned();
    let effort = or_null(reasoning.effort);
    let summary = or_null(reasoning.summary());
    let _ = write!(echo, ",\"reasoning\":{{\"effort\":{effort},\"summary\":{summary}}}");
    for (name, field, default) in members(request) {
        if let Some(value) = field.raw().map(RawValue::get).or(default) {
            echo.push_str(",\"");
            echo.push_str(name);
            echo.push_str("\":");
            echo.push_str(value);
        }
    }
    Ok(one_line(&echo).into_owned())
}

/// The members that are repeated as they came. Those without a default are left out where the client has none.
fn members<'a>(request: &ResponsesBody<'a>) -> [(&'static str, Field<'a>, Option<&'static str>); 19] {
    let null = Some("null");
    [
        ("instructions", request.instructions, null),
        ("max_output_tokens", request.max_output_tokens, null),
        ("max_tool_calls", request.max_tool_calls, null),
        ("metadata", request.metadata, Some("{}")),
        ("parallel_tool_calls", request.parallel_tool_calls, Some("true")),
        ("prompt_cache_key", request.prompt_cache_key, null),
        ("safety_identifier", request.safety_identifier, null),
        ("temperature", request.temperature, Some("1.0")),
        ("tool_choice", request.tool_choice, Some("\"auto\"")),
        ("tools", request.tools, Some("[]")),
        ("top_logprobs", request.top_logprobs, Some("0")),
        ("top_p", request.top_p, Some("1.0")),
        ("truncation", request.truncation, Some("\"disabled\"")),
        ("user", request.user, null),
        ("include", request.include, None),
        ("stream_options", request.stream_options, None),
        ("client_metadata", request.client_metadata, None),
        ("prompt_cache_options", request.prompt_cache_options, None),
        ("prompt_cache_retention", request.prompt_cache_retention, None),
    ]
}

/// The tier that the request asks for, in its JSON escapes. `auto` is a wish, and the response tells what it came to.
pub(super) fn tier<'a>(request: &ResponsesBody<'a>) -> Option<&'a str> {
    let tier = request.service_tier.raw().and_then(EscapedText::of)?.escaped();
    Some(tier).filter(|tier| *tier != "auto")
}

fn text(text: &Text<'_>) -> String {
    let format = text.format.raw().map_or("{\"type\":\"text\"}", RawValue::get);
    match text.verbosity.raw() {
        None => format!("{{\"format\":{format}}}"),
        Some(verbosity) => format!("{{\"format\":{format},\"verbosity\":{}}}", verbosity.get()),
    }
}
