//! The `system` field: one message at the head of the prompt (SY1), free of what changes per request (SY2).

use serde_json::value::RawValue;

use crate::chat::request::ContentPart;
use crate::json::{EscapedText, Field, TextBuilder};
use crate::messages::wire::request::{InputBlock, InputContent};

use super::{blocks, parts};
use crate::error::{FieldPath, RequestError};
use crate::to_hub::Scope;

/// Claude Code's first line. It differs from conversation to conversation, and in front of everything else it
/// would keep a backend from ever reusing a cached prefix.
const BILLING_HEADER: &str = "x-anthropic-billing-header:";

pub(super) fn read<'a>(system: Field<'a>, scope: &mut Scope<'a>) -> Result<Vec<ContentPart<'a>>, RequestError> {
    let path = FieldPath::root("system");
    match InputContent::of(system, path)? {
        InputContent::Text(text) => without_first_line(text),
        InputContent::Blocks(mut blocks) => {
            blocks.retain(|block| !is_billing_block(block));
            blocks::of_text_blocks(InputContent::Blocks(blocks), scope, path)
        }
    }
}

fn is_billing_block(block: &InputBlock<'_>) -> bool {
    let text = block.text.raw().and_then(EscapedText::of);
    text.is_some_and(|text| text.begins_with(BILLING_HEADER))
}

fn without_first_line(raw: &RawValue) -> Result<Vec<ContentPart<'_>>, RequestError> {
    let text = EscapedText::of(raw).unwrap_or(EscapedText::EMPTY);
    if !text.begins_with(BILLING_HEADER) {
        return Ok(parts::of_string(raw));
    }
    let Some(newline) = text.units().find(|unit| unit.byte == b'\n') else {
        return Ok(Vec::new());
    };
    let (_, rest) = text.split_at(newline.end);
    if rest.is_empty() {
        return Ok(Vec::new());
    }
    let rest = TextBuilder::with_capacity(rest.escaped().len()).escaped(rest).build()?;
    Ok(vec![ContentPart::text(rest)])
}
