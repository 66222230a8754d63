//! The client's marks on prefixes worth caching, in chat's words or in Anthropic's (O23).

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::body::{Block, BlockKind, Content, Message};
use crate::chat::input::{InputBreakpoint, InputPart};
use crate::error::{FieldPath, RequestError};
use crate::json::Json;

/// Anthropic takes no more marks in one request.
const MAX_MARKS: usize = 4;

/// The mark for the block that a marked part becomes.
pub(super) fn mark<'a>(part: &InputPart<'a>, path: FieldPath<'_>) -> Result<Option<Json<'a>>, RequestError> {
    if let Some(own) = part.cache_control.raw() {
        return Ok(Some(Cow::Borrowed(own)));
    }
    let path = path.field("prompt_cache_breakpoint");
    let Some(breakpoint) = part.prompt_cache_breakpoint.object::<InputBreakpoint<'_>>(path)? else {
        return Ok(None);
    };
    let mark = match breakpoint.ttl.word(path.field("ttl"))?.as_deref() {
        Some("12h") => r#"{"type":"ephemeral","ttl":"1h"}"#,
        _ => r#"{"type":"ephemeral"}"#,
    };
    Ok(Some(Cow::Owned(RawValue::from_string(mark.to_owned())?)))
}

/// Keeps the last marks, which cover the longest prefixes.
pub(super) fn keep_last<'a>(system: &mut [Block<'a>], messages: &mut [Message<'a>]) {
    let in_messages = messages
        .iter_mut()
        .rev()
        .flat_map(|message| message.content.iter_mut().rev());
    let marked = in_messages.chain(system.iter_mut().rev());
    for block in marked.filter(|block| block.cache_control.is_some()).skip(MAX_MARKS) {
        block.cache_control = None;
    }
}

/// A result's marks are one on the result: the API counts marks inside of it too.
pub(super) fn result(tool_use_id: String, mut content: Vec<Block<'_>>) -> Block<'_> {
    let marks = content.iter_mut().map(|block| block.cache_control.take());
    let cache_control = marks.fold(None, |last, mark| mark.or(last));
    let content = match content.as_slice() {
        [
            Block {
                kind: BlockKind::Text { text },
                ..
            },
        ] => Content::Text(text.clone()),
        _ => Content::Blocks(content),
    };
    Block {
        kind: BlockKind::ToolResult { tool_use_id, content },
        cache_control,
    }
}
