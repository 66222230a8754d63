//! Blocks of tools that another vendor's server ran, in a session that has moved over from there (§3.5).
//!
//! Their readable members become text of the assistant; encrypted members are dropped, with a warning.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::chat::request::ContentPart;
use crate::json::{EscapedText, Json, Members, TextBuilder};
use crate::messages::wire::request::InputBlock;

use crate::error::{FieldPath, RequestError};
use crate::to_hub::Scope;
use crate::warnings::Warnings;

/// The readable members, wherever they stand in a result.
const READABLE: [&str; 9] = [
    "title",
    "url",
    "text",
    "data",
    "stdout",
    "stderr",
    "content",
    "tool_name",
    "error_code",
];

/// Results nest three levels deep today.
const MAX_DEPTH: usize = 8;

pub(super) fn is_call(kind: &str) -> bool {
    matches!(kind, "server_tool_use" | "mcp_tool_use")
}

pub(super) fn is_result(kind: &str) -> bool {
    kind != "tool_result" && kind.ends_with("_tool_result")
}

/// `[<tool> <input>]`
pub(super) fn call<'a>(block: &InputBlock<'a>, path: FieldPath<'_>) -> Result<ContentPart<'a>, RequestError> {
    let name = block.name.required_text(path.field("name"))?;
    let input = block.input.raw().map_or("{}", RawValue::get);
    let text = TextBuilder::with_capacity(name.escaped().len() + input.len() + 16);
    Ok(ContentPart::text(
        text.literal("[")
            .escaped(name)
            .literal(" ")
            .json(input)
            .literal("]")
            .build()?,
    ))
}

/// Titles, addresses and plain output, a line each.
pub(super) fn result<'a>(
    block: &InputBlock<'a>,
    scope: &mut Scope<'a>,
) -> Result<Option<ContentPart<'a>>, RequestError> {
    let mut lines = Vec::new();
    if let Some(content) = block.content.raw() {
        Reader {
            lines: &mut lines,
            warnings: &mut scope.warnings,
        }
        .read(content, MAX_DEPTH);
    }
    let text = lines
        .iter()
        .fold(TextBuilder::with_capacity(64), |builder, line| {
            builder.line(Some(*line))
        })
        .build()?;
    Ok((text.get() != "\"\"").then(|| ContentPart::text(text)))
}

struct Reader<'r, 'a> {
    lines: &'r mut Vec<EscapedText<'a>>,
    warnings: &'r mut Warnings,
}

impl<'a> Reader<'_, 'a> {
    fn read(&mut self, value: &'a RawValue, depth: usize) {
        if let Some(text) = EscapedText::of(value) {
            self.lines.push(text);
        } else if depth == 0 {
            self.warnings.dropped("content");
        } else if let Ok(items) = serde_json::from_str::<Vec<&'a RawValue>>(value.get()) {
            for item in items {
                self.read(item, depth - 1);
            }
        } else if let Ok(object) = serde_json::from_str::<Members<'a>>(value.get()) {
            for (key, value) in &object.0 {
                self.read_member(key, value, depth - 1);
            }
        }
    }

    fn read_member(&mut self, key: &str, value: &Json<'a>, depth: usize) {
        let Cow::Borrowed(value) = *value else { return };
        if key.starts_with("encrypted_") {
            self.warnings.dropped(key);
        } else if READABLE.contains(&key) || !value.get().starts_with('"') {
            self.read(value, depth);
        }
    }
}
