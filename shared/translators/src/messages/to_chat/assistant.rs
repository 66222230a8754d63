//! Assistant turns: text, calls, and the thinking that led to them (OR2, TH1).

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::chat::request::ContentPart;
use crate::json::TextBuilder;
use crate::messages::signature;
use crate::messages::wire::request::{InputBlock, InputContent, InputMessage};
use crate::tool_ids::backend_id;

use super::{blocks, parts, server_tools};
use crate::error::{FieldPath, RequestError};
use crate::to_hub::Scope;
use crate::to_hub::turns::{AssistantTurn, ToolUse};

/// The turn, and the summary of earlier turns (`compaction`), which becomes a user turn before it.
pub(super) fn read<'a>(
    index: usize,
    message: InputMessage<'a>,
    content: InputContent<'a>,
    scope: &mut Scope<'a>,
    path: FieldPath<'_>,
) -> Result<(Vec<ContentPart<'a>>, AssistantTurn<'a>), RequestError> {
    let mut turn = AssistantTurn {
        index,
        rest: message.rest,
        ..AssistantTurn::default()
    };
    let mut summary = Vec::new();
    let blocks = match content {
        InputContent::Text(text) => {
            turn.parts = parts::of_string(text);
            return Ok((summary, turn));
        }
        InputContent::Blocks(blocks) => blocks,
    };
    let path = path.field("content");
    for (i, block) in blocks.iter().enumerate() {
        let path = path.index(i);
        match block.kind.required_word(path.field("type"))?.as_ref() {
            "compaction" => summary.extend(
                blocks::of_block("compaction", block, scope, path)?
                    .into_iter()
                    .flatten(),
            ),
            kind => turn.read_block(kind, block, scope, path)?,
        }
    }
    Ok((summary, turn))
}

impl<'a> AssistantTurn<'a> {
    fn read_block(
        &mut self,
        kind: &str,
        block: &InputBlock<'a>,
        scope: &mut Scope<'a>,
        path: FieldPath<'_>,
    ) -> Result<(), RequestError> {
        match kind {
            "text" => self
                .parts
                .extend(blocks::of_block(kind, block, scope, path)?.into_iter().flatten()),
            "tool_use" => {
                let mut call = call(block, scope, path)?;
                self.add_details(call.backend_id.reasoning_details.take());
                self.calls.push(call);
            }
            "thinking" => self.think(block, scope, path)?,
            // Opaque, and for another vendor's eyes; a mark that is not rendered.
            "redacted_thinking" | "fallback" => {}
            kind if server_tools::is_call(kind) => self.parts.push(server_tools::call(block, path)?),
            kind if server_tools::is_result(kind) => {
                self.parts.extend(server_tools::result(block, scope)?);
            }
            kind => return Err(parts::misplaced(kind, "in an assistant turn", path)),
        }
        Ok(())
    }

    /// The text of a thinking block, or what its signature carries in place of it and beside it.
    fn think(&mut self, block: &InputBlock<'a>, scope: &Scope<'a>, path: FieldPath<'_>) -> Result<(), RequestError> {
        let shown = block.thinking.required_text(path.field("thinking"))?;
        block.signature.text(path.field("signature"))?;
        let carried = signature::carried(block, scope.sealer);
        if shown.is_empty() {
            let hidden = carried.as_ref().filter(|carried| !carried.text().is_empty());
            self.thinking
                .extend(hidden.map(|carried| ContentPart::text(Cow::Owned(carried.text.clone()))));
        } else {
            self.thinking
                .extend(block.thinking.raw().map(parts::of_string).unwrap_or_default());
        }
        self.reasoning_details
            .extend(carried.into_iter().flat_map(|carried| carried.details));
        Ok(())
    }

    /// Adds encrypted reasoning, a list, to what the turn has of it.
    fn add_details(&mut self, details: Option<Box<RawValue>>) {
        let items = details.and_then(|details| serde_json::from_str::<Vec<Box<RawValue>>>(details.get()).ok());
        self.reasoning_details.extend(items.unwrap_or_default());
    }
}

fn call<'a>(block: &InputBlock<'a>, scope: &mut Scope<'a>, path: FieldPath<'_>) -> Result<ToolUse<'a>, RequestError> {
    scope.warnings.dropped_all(&block.rest);
    let name = block.name.required_word(path.field("name"))?;
    let input = block.input.raw().map_or("{}", |raw| raw.get());
    if !input.starts_with('{') {
        return Err(path.field("input").error("must be an object"));
    }
    let id = block.id.required_word(path.field("id"))?;
    Ok(ToolUse {
        backend_id: backend_id(id.clone(), scope.backend.tool_id_max),
        id,
        name: scope.backend_name(name),
        arguments: TextBuilder::with_capacity(input.len() + input.len() / 4)
            .json(input)
            .build()?,
    })
}
