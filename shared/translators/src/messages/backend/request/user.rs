//! The content of user, system and tool messages as blocks (O4).

use std::borrow::Cow;

use super::body::Block;
use super::{cache, media};
use crate::chat::input::{InputMessage, InputPart};
use crate::error::{FieldPath, RequestError};
use crate::json::{EscapedText, Field, json_string};
use crate::to_hub::Scope;

/// The blocks of a message's content.
pub(super) fn read<'a>(
    message: &InputMessage<'a>,
    scope: &mut Scope<'a>,
    path: FieldPath<'_>,
) -> Result<Vec<Block<'a>>, RequestError> {
    let path = path.field("content");
    if let Some(text) = string(message.content) {
        return Ok(text);
    }
    let parts: Vec<InputPart<'a>> = message.content.objects(path)?;
    let mut blocks = Vec::with_capacity(parts.len());
    for (i, part) in parts.iter().enumerate() {
        let path = path.index(i);
        scope.warnings.dropped_all(&part.rest);
        let mut block = block(part, path)?;
        if let Some(block) = &mut block {
            block.cache_control = cache::mark(part, path)?;
        }
        blocks.extend(block);
    }
    Ok(blocks)
}

/// The blocks of a tool's result. A text alone is passed as it is, also if it is empty.
pub(super) fn result<'a>(
    message: &InputMessage<'a>,
    scope: &mut Scope<'a>,
    path: FieldPath<'_>,
) -> Result<Vec<Block<'a>>, RequestError> {
    let blocks = match message.content.raw() {
        Some(raw) if EscapedText::of(raw).is_some() => vec![Block::text(Cow::Borrowed(raw))],
        _ => read(message, scope, path)?,
    };
    if blocks.is_empty() {
        return Ok(vec![Block::text(json_string("")?)]);
    }
    Ok(blocks)
}

/// The blocks of a system message, which has nothing but text.
pub(super) fn texts<'a>(message: &InputMessage<'a>, path: FieldPath<'_>) -> Result<Vec<Block<'a>>, RequestError> {
    let path = path.field("content");
    if let Some(text) = string(message.content) {
        return Ok(text);
    }
    let parts: Vec<InputPart<'a>> = message.content.objects(path)?;
    let mut blocks = Vec::with_capacity(parts.len());
    for (i, part) in parts.iter().enumerate() {
        let path = path.index(i);
        let kind = part.kind.word(path.field("type"))?.unwrap_or(Cow::Borrowed("text"));
        if kind != "text" {
            let message = format!("parts of type `{kind}` are not supported in a system message");
            return Err(path.field("type").error(message));
        }
        if let Some(mut block) = text(part.text, path.field("text"))? {
            block.cache_control = cache::mark(part, path)?;
            blocks.push(block);
        }
    }
    Ok(blocks)
}

/// The block of content that is a string; `None` where it is none. The API refuses text that is blank.
pub(super) fn string(content: Field<'_>) -> Option<Vec<Block<'_>>> {
    let Some(raw) = content.raw() else {
        return Some(Vec::new());
    };
    let text = EscapedText::of(raw)?;
    Some(if text.is_blank() {
        Vec::new()
    } else {
        vec![Block::text(Cow::Borrowed(raw))]
    })
}

/// A text block; none where there is nothing but white space.
pub(super) fn text<'a>(field: Field<'a>, path: FieldPath<'_>) -> Result<Option<Block<'a>>, RequestError> {
    let text = field.required_text(path)?;
    Ok(field
        .raw()
        .filter(|_| !text.is_blank())
        .map(|raw| Block::text(Cow::Borrowed(raw))))
}

fn block<'a>(part: &InputPart<'a>, path: FieldPath<'_>) -> Result<Option<Block<'a>>, RequestError> {
    match part.kind.required_word(path.field("type"))?.as_ref() {
        "text" => text(part.text, path.field("text")),
        "image_url" => media::image(part.image_url, path.field("image_url")).map(Some),
        "file" => media::file(part.file, path.field("file")).map(Some),
        kind => Err(path
            .field("type")
            .error(format!("parts of type `{kind}` are not supported by this model"))),
    }
}
