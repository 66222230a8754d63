//! Turns written down as chat messages (§3.3, §3.4).

use serde_json::json;
use serde_json::value::to_raw_value;

use crate::chat::request::{
    AssistantMessage, ChatContent, ChatMessage, ContentPart, FunctionCall, FunctionType, ToolCall,
};
use crate::json::{Json, TextBuilder, json_string};
use crate::settings::{ReasoningReplay, SystemRole, TextParts, ToolResultMedia, UnsignedCalls};
use crate::tool_ids::backend_id;

use super::history::History;
use super::parts;
use super::scope::Scope;
use super::turns::{AssistantTurn, ToolResult, ToolUse, Turn, UserTurn};
use crate::error::RequestError;

/// All messages, the leading system message first (SY1).
pub(crate) fn write<'a>(history: History<'a>, scope: &mut Scope<'a>) -> Result<Vec<ChatMessage<'a>>, RequestError> {
    let mut messages = Vec::with_capacity(history.turns.len() + 1);
    write_system(history.system, scope, &mut messages)?;
    for turn in history.turns {
        match turn {
            Turn::System(parts) => write_system(parts, scope, &mut messages)?,
            Turn::Assistant(turn) => messages.push(ChatMessage::Assistant(assistant(turn, scope)?)),
            Turn::User(turn) => write_user(turn, scope, &mut messages)?,
        }
    }
    Ok(messages)
}

fn write_system<'a>(
    parts: Vec<ContentPart<'a>>,
    scope: &mut Scope<'a>,
    messages: &mut Vec<ChatMessage<'a>>,
) -> Result<(), RequestError> {
    let content = parts::content(parts, scope.backend.text_parts, &mut scope.warnings)?;
    messages.extend(content.map(|content| match scope.backend.system_role {
        SystemRole::System => ChatMessage::System { content },
        SystemRole::Developer => ChatMessage::Developer { content },
    }));
    Ok(())
}

/// One message for text and calls alike. The text is a string: parts are not taken everywhere (OR2, OR3).
fn assistant<'a>(turn: AssistantTurn<'a>, scope: &mut Scope<'a>) -> Result<AssistantMessage<'a>, RequestError> {
    let tool_call = |call: ToolUse<'a>| ToolCall {
        id: call.backend_id.id,
        extra_content: call.backend_id.extra_content,
        kind: FunctionType::Function,
        function: FunctionCall {
            name: call.name,
            arguments: call.arguments,
        },
    };
    let mut message = AssistantMessage {
        content: parts::content(turn.parts, TextParts::String, &mut scope.warnings)?,
        tool_calls: turn.calls.into_iter().map(tool_call).collect(),
        rest: turn.rest.unique(),
        ..AssistantMessage::default()
    };
    if scope.backend.unsigned_calls == UnsignedCalls::Google {
        sign_first(&mut message.tool_calls)?;
    }
    if !turn.reasoning_details.is_empty() && scope.backend.reasoning_details {
        message.reasoning_details = Some(to_raw_value(&turn.reasoning_details)?);
    }
    let reasoning = replayed(turn.thinking, scope.backend.reasoning_replay_required)?;
    match scope.backend.reasoning_replay {
        ReasoningReplay::ReasoningContent => message.reasoning_content = reasoning,
        ReasoningReplay::Reasoning => message.reasoning = reasoning,
        ReasoningReplay::None => {}
    }
    Ok(message)
}

/// Marks a turn whose calls have no thought signature, since another model made them (ID5).
fn sign_first(calls: &mut [ToolCall<'_>]) -> Result<(), RequestError> {
    if let Some(first) = calls.first_mut().filter(|call| call.extra_content.is_none()) {
        let skip = json!({"google": {"thought_signature": "skip_thought_signature_validator"}});
        first.extra_content = Some(to_raw_value(&skip)?);
    }
    Ok(())
}

/// The thinking of an earlier turn, without signatures (TH1, TH3), or the empty string that some want (TH2).
fn replayed(thinking: Vec<ContentPart<'_>>, required: bool) -> Result<Option<Json<'_>>, RequestError> {
    if thinking.is_empty() && !required {
        Ok(None)
    } else {
        parts::joined(thinking).map(Some)
    }
}

/// A tool message for each result, then at most one user message (OR4).
fn write_user<'a>(
    mut turn: UserTurn<'a>,
    scope: &mut Scope<'a>,
    messages: &mut Vec<ChatMessage<'a>>,
) -> Result<(), RequestError> {
    if let Some(last) = turn.results.last_mut() {
        last.parts.append(&mut turn.after_results);
    }
    let mut user_parts = Vec::new();
    for result in turn.results {
        messages.push(tool_message(result, scope, &mut user_parts)?);
    }
    user_parts.append(&mut turn.parts);
    match parts::content(user_parts, scope.backend.text_parts, &mut scope.warnings)? {
        Some(content) => messages.push(ChatMessage::User {
            content,
            rest: turn.rest.unique(),
        }),
        None => scope.warnings.dropped_all(&turn.rest),
    }
    Ok(())
}

fn tool_message<'a>(
    result: ToolResult<'a>,
    scope: &mut Scope<'a>,
    user_parts: &mut Vec<ContentPart<'a>>,
) -> Result<ChatMessage<'a>, RequestError> {
    let tool_call_id = backend_id(result.call_id, scope.backend.tool_id_max).id;
    let mut parts = result.parts;
    if scope.backend.tool_result_media == ToolResultMedia::UserMessage {
        let media: Vec<_> = parts.extract_if(.., |part| part.as_text().is_none()).collect();
        if !media.is_empty() {
            user_parts.push(media_heading(&tool_call_id)?);
            user_parts.extend(media);
        }
    }
    let content = parts::content(parts, TextParts::String, &mut scope.warnings)?;
    let content = content.map_or_else(|| json_string("").map(ChatContent::Text), Ok)?;
    Ok(ChatMessage::Tool { tool_call_id, content })
}

/// Tells whose result the images are that a tool message could not hold.
fn media_heading<'a>(tool_call_id: &str) -> Result<ContentPart<'a>, RequestError> {
    let text = TextBuilder::with_capacity(64)
        .literal("From the result of tool call ")
        .plain(tool_call_id)?;
    Ok(ContentPart::text(text.literal(":").build()?))
}
