//! User turns: tool results first, then everything else in its order (OR4).

use crate::chat::request::{ContentPart, PartKind};
use crate::json::{EscapedText, Json, TextBuilder};
use crate::messages::wire::request::{InputBlock, InputContent, InputMessage};
use crate::settings::ToolResultMedia;

use super::{blocks, cache, parts};
use crate::error::{FieldPath, RequestError};
use crate::to_hub::Scope;
use crate::to_hub::turns::{ToolResult, UserTurn};

pub(super) fn read<'a>(
    index: usize,
    message: InputMessage<'a>,
    content: InputContent<'a>,
    scope: &mut Scope<'a>,
    path: FieldPath<'_>,
) -> Result<UserTurn<'a>, RequestError> {
    let mut turn = UserTurn {
        index,
        rest: message.rest,
        ..UserTurn::default()
    };
    let blocks = match content {
        InputContent::Text(text) => {
            turn.parts = parts::of_string(text);
            return Ok(turn);
        }
        InputContent::Blocks(blocks) => blocks,
    };
    let path = path.field("content");
    for (i, block) in blocks.iter().enumerate() {
        let path = path.index(i);
        let kind = block.kind.required_word(path.field("type"))?;
        if kind == "tool_result" {
            turn.results.push(tool_result(block, scope, path)?);
            continue;
        }
        match blocks::of_block(&kind, block, scope, path)? {
            Some(parts) => turn.parts.extend(parts),
            None => return Err(parts::misplaced(&kind, "in a user turn", path)),
        }
    }
    Ok(turn)
}

fn tool_result<'a>(
    block: &InputBlock<'a>,
    scope: &mut Scope<'a>,
    path: FieldPath<'_>,
) -> Result<ToolResult<'a>, RequestError> {
    let call_id = block.tool_use_id.required_word(path.field("tool_use_id"))?;
    let mut parts = result_parts(block, scope, path.field("content"))?;
    if scope.backend.tool_result_media == ToolResultMedia::Reject && parts.iter().any(|part| part.as_text().is_none()) {
        return Err(path
            .field("content")
            .error("this model does not accept images in tool results"));
    }
    if block.is_error.flag(path.field("is_error"))? {
        mark_as_error(&mut parts)?;
    }
    cache::mark_last(&mut parts, cache::mark(scope.backend.cache, block.cache_control, path)?);
    scope.warnings.dropped_all(&block.rest);
    Ok(ToolResult { call_id, parts })
}

fn result_parts<'a>(
    block: &InputBlock<'a>,
    scope: &mut Scope<'a>,
    path: FieldPath<'_>,
) -> Result<Vec<ContentPart<'a>>, RequestError> {
    let blocks = match InputContent::of(block.content, path)? {
        InputContent::Text(text) => return Ok(parts::of_string(text)),
        InputContent::Blocks(blocks) => blocks,
    };
    let mut all = Vec::with_capacity(blocks.len());
    for (i, block) in blocks.iter().enumerate() {
        let path = path.index(i);
        let kind = block.kind.required_word(path.field("type"))?;
        match kind.as_ref() {
            "tool_reference" => all.push(tool_reference(block, scope, path)?),
            "browser_state" => all.push(ContentPart::text(browser_state(block)?)),
            kind => match blocks::of_block(kind, block, scope, path)? {
                Some(parts) => all.extend(parts),
                None => return Err(parts::misplaced(kind, "in a tool result", path)),
            },
        }
    }
    Ok(all)
}

/// A tool that the client's search has found; the tool itself is in `tools` (TO3). An empty result would make
/// weak models search again.
fn tool_reference<'a>(
    block: &InputBlock<'a>,
    scope: &Scope<'a>,
    path: FieldPath<'_>,
) -> Result<ContentPart<'a>, RequestError> {
    let name = scope.backend_name(block.tool_name.required_word(path.field("tool_name"))?);
    let text = TextBuilder::with_capacity(name.len() + 16)
        .literal("Tool loaded: ")
        .plain(&name)?
        .build()?;
    Ok(ContentPart::text(text))
}

/// The state as the JSON that it is.
fn browser_state<'a>(block: &InputBlock<'a>) -> Result<Json<'a>, RequestError> {
    let state = serde_json::to_string(&block.rest)?;
    TextBuilder::with_capacity(state.len() * 2).json(&state).build()
}

/// Chat has no flag for a failed call, so the text must say it (§3.5, `is_error`).
fn mark_as_error(parts: &mut Vec<ContentPart<'_>>) -> Result<(), RequestError> {
    let text = parts.first().and_then(ContentPart::as_text);
    if text.is_some_and(|text| {
        ["error", "<tool_use_error>"]
            .iter()
            .any(|start| text.begins_with(start))
    }) {
        return Ok(());
    }
    let marked = TextBuilder::with_capacity(text.map_or(0, |text| text.escaped().len()) + 8).literal("Error: ");
    let has_text = text.is_some();
    let marked = marked.escaped(text.unwrap_or(EscapedText::EMPTY)).build()?;
    match parts.first_mut() {
        Some(first) if has_text => first.kind = PartKind::Text { text: marked },
        _ => parts.insert(0, ContentPart::text(marked)),
    }
    Ok(())
}
