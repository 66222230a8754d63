//! The items of an assistant's turn besides its messages: calls and reasoning (R8, R9, R14, R15, R17).

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::parts::{self, Place};
use crate::chat::request::ContentPart;
use crate::error::{FieldPath, RequestError};
use crate::json::{EscapedText, Field, Json, TextBuilder};
use crate::responses::tools::{TOOL_SEARCH, flat_name};
use crate::responses::wire::request::InputItem;
use crate::sealed::{self, SealedKind};
use crate::to_hub::Scope;
use crate::to_hub::turns::ToolUse;
use crate::tool_ids::backend_id;

pub(super) fn is_call(kind: &str) -> bool {
    matches!(kind, "function_call" | "custom_tool_call" | "tool_search_call")
}

/// The name of the function that an item calls; one that is no string is reported where the item is read.
pub(super) fn called_name<'a>(item: &InputItem<'a>) -> Option<Cow<'a, str>> {
    let kind = item.kind.word(FieldPath::root("type")).ok().flatten()?;
    is_call(&kind)
        .then(|| name(&kind, item, FieldPath::root("input")).ok())
        .flatten()
}

pub(super) fn call<'a>(
    kind: &str,
    item: &InputItem<'a>,
    scope: &Scope<'a>,
    path: FieldPath<'_>,
) -> Result<ToolUse<'a>, RequestError> {
    let id = item.call_id.required_word(path.field("call_id"))?;
    let arguments = match kind {
        "custom_tool_call" => member_of("input", item.input, path.field("input"))?,
        "tool_search_call" => object(item.arguments)?,
        _ => arguments(item.arguments, path.field("arguments"))?,
    };
    Ok(ToolUse {
        backend_id: backend_id(id.clone(), scope.backend.tool_id_max),
        id,
        name: scope.backend_name(name(kind, item, path)?),
        arguments,
    })
}

/// Reasoning of an earlier turn.
pub(super) struct Reasoning<'a> {
    pub(super) texts: Vec<ContentPart<'a>>,
    pub(super) details: Vec<Box<RawValue>>,
}

/// The content of a reasoning item: what was sealed here, else its content, else its summary. What only another
/// maker can read is lost (R8).
pub(super) fn reasoning<'a>(
    item: &InputItem<'a>,
    scope: &mut Scope<'a>,
    path: FieldPath<'_>,
) -> Result<Reasoning<'a>, RequestError> {
    if let Some(opened) = sealed::open(scope.sealer, SealedKind::Reasoning, item.encrypted_content) {
        let text = (!opened.text().is_empty()).then_some(Cow::Owned(opened.text));
        return Ok(Reasoning {
            texts: text.map(ContentPart::text).into_iter().collect(),
            details: opened.details,
        });
    }
    let texts = readable(item, scope, path)?;
    Ok(Reasoning {
        texts,
        details: Vec::new(),
    })
}

fn readable<'a>(
    item: &InputItem<'a>,
    scope: &mut Scope<'a>,
    path: FieldPath<'_>,
) -> Result<Vec<ContentPart<'a>>, RequestError> {
    let mut texts = parts::read(item.content, Place::Text, scope, path.field("content"))?;
    if texts.is_empty() {
        texts = parts::read(item.summary, Place::Text, scope, path.field("summary"))?;
    }
    if texts.is_empty() && item.encrypted_content.is_present() {
        scope.warnings.dropped("reasoning");
    }
    Ok(texts)
}

fn name<'a>(kind: &str, item: &InputItem<'a>, path: FieldPath<'_>) -> Result<Cow<'a, str>, RequestError> {
    if kind == "tool_search_call" {
        return Ok(Cow::Borrowed(TOOL_SEARCH));
    }
    let name = item.name.required_word(path.field("name"))?;
    let namespace = item.namespace.word(path.field("namespace"))?;
    Ok(match namespace {
        None => name,
        Some(namespace) => Cow::Owned(flat_name(Some(&namespace), &name).into_owned()),
    })
}

/// Arguments as chat has them: the text of an object (R9).
fn arguments<'a>(field: Field<'a>, path: FieldPath<'_>) -> Result<Json<'a>, RequestError> {
    let text = field.text(path)?.unwrap_or(EscapedText::EMPTY);
    if text.is_blank() {
        return TextBuilder::with_capacity(2).json("{}").build();
    }
    let decoded = text.decode();
    let is_object = decoded.trim_start().starts_with('{') && serde_json::from_str::<IgnoredAny>(&decoded).is_ok();
    match field.raw() {
        Some(raw) if is_object => Ok(Cow::Borrowed(raw)),
        _ => member_of("raw_arguments", field, path),
    }
}

/// Arguments that are an object already, as in a call of the client's own search.
fn object(field: Field<'_>) -> Result<Json<'_>, RequestError> {
    let json = field.raw().map_or("{}", |raw| raw.get());
    TextBuilder::with_capacity(json.len() * 2).json(json).build()
}

/// The arguments that hold a text as their one member.
fn member_of<'a>(member: &str, field: Field<'a>, path: FieldPath<'_>) -> Result<Json<'a>, RequestError> {
    field.required_text(path)?;
    let text = field.raw().map_or("\"\"", |raw| raw.get());
    let json = format!("{{\"{member}\":{text}}}");
    TextBuilder::with_capacity(json.len() * 2).json(&json).build()
}
