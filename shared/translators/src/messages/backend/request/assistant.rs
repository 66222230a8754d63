//! Assistant messages: text, calls, and the thinking that led to them (O5, O9).

use std::borrow::Cow;

use super::body::{Block, BlockKind};
use super::calls::ReadCall;
use super::messages::ReadMessage;
use super::{cache, user};
use crate::chat::input::{InputMessage, InputPart, InputReasoning};
use crate::chat::reasoning_details::ANTHROPIC_FORMAT;
use crate::chat::saying::is_text;
use crate::error::{FieldPath, RequestError};
use crate::json::{EscapedText, json_string};
use crate::sealed;
use crate::to_hub::Scope;

/// An assistant turn, in the order in which its blocks are written.
#[derive(Debug, Default)]
pub(super) struct AssistantTurn<'a> {
    pub(super) index: usize,
    pub(super) thinking: Vec<Block<'a>>,
    pub(super) texts: Vec<Block<'a>>,
    pub(super) calls: Vec<ReadCall<'a>>,
}

pub(super) fn read<'a>(
    read: ReadMessage<'a>,
    scope: &mut Scope<'a>,
    path: FieldPath<'_>,
) -> Result<AssistantTurn<'a>, RequestError> {
    let message = &read.message;
    let calls = read.calls.into_iter().map(|call| ReadCall {
        name: scope.backend_name(call.name.clone()),
        ..call
    });
    let calls = calls.collect();
    let mut texts = texts(message, scope, path)?;
    texts.extend(user::string(message.refusal).unwrap_or_default());
    Ok(AssistantTurn {
        index: read.index,
        thinking: thinking(message, path)?,
        texts,
        calls,
    })
}

fn texts<'a>(
    message: &InputMessage<'a>,
    scope: &mut Scope<'a>,
    path: FieldPath<'_>,
) -> Result<Vec<Block<'a>>, RequestError> {
    let path = path.field("content");
    if let Some(text) = user::string(message.content) {
        return Ok(text);
    }
    let parts: Vec<InputPart<'a>> = message.content.objects(path)?;
    let mut blocks = Vec::with_capacity(parts.len());
    for (i, part) in parts.iter().enumerate() {
        let path = path.index(i);
        scope.warnings.dropped_all(&part.rest);
        let block = match part.kind.required_word(path.field("type"))?.as_ref() {
            "text" => user::text(part.text, path.field("text"))?,
            "refusal" => user::text(part.refusal, path.field("refusal"))?,
            kind => {
                let message = format!("parts of type `{kind}` are not supported in an assistant message");
                return Err(path.field("type").error(message));
            }
        };
        if let Some(mut block) = block {
            block.cache_control = cache::mark(part, path)?;
            blocks.push(block);
        }
    }
    Ok(blocks)
}

/// The thinking blocks that the entries of `reasoning_details` were (H2). The API refuses thinking that it has not
/// signed.
fn thinking<'a>(message: &InputMessage<'a>, path: FieldPath<'_>) -> Result<Vec<Block<'a>>, RequestError> {
    let entries: Vec<InputReasoning<'a>> = message.reasoning_details.objects(path.field("reasoning_details"))?;
    let own = entries.iter().filter(|entry| entry.format.is(ANTHROPIC_FORMAT));
    Ok(own.filter_map(block).map(Block::new).collect())
}

fn block<'a>(entry: &InputReasoning<'a>) -> Option<BlockKind<'a>> {
    if entry.kind.is("reasoning.encrypted") {
        let data = entry.data.raw().filter(|data| is_text(Some(data)))?;
        return Some(BlockKind::RedactedThinking {
            data: Cow::Borrowed(data),
        });
    }
    let signature = entry.signature.raw().filter(|signature| is_text(Some(signature)))?;
    if !entry.kind.is("reasoning.text") || sealed::is_ours(entry.signature) {
        return None;
    }
    let text = entry.text.raw().filter(|text| EscapedText::of(text).is_some());
    let nothing = || json_string("").ok();
    Some(BlockKind::Thinking {
        thinking: text.map(Cow::Borrowed).or_else(nothing)?,
        signature: Cow::Borrowed(signature),
    })
}
