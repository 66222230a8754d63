//! Chat content parts, made of the blocks that user turns and tool results have in common (§3.5).

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::chat::request::{ChatContent, ContentPart, PartKind};
use crate::json::EscapedText;
use crate::json::{Json, Members, TextBuilder};
use crate::messages::wire::request::{InputBlock, InputContent};
use crate::settings::TextParts;

use super::scope::{Scope, Warnings};
use super::{cache, documents, images};
use crate::error::{At, RequestError};

impl<'a> ContentPart<'a> {
    pub fn text(text: Json<'a>) -> Self {
        Self::new(PartKind::Text { text })
    }

    pub fn new(kind: PartKind<'a>) -> Self {
        Self {
            kind,
            cache: None,
            rest: Members::default(),
        }
    }

    /// The text, if that is what the part is.
    pub fn as_text(&self) -> Option<EscapedText<'_>> {
        match &self.kind {
            PartKind::Text { text } => EscapedText::of(text),
            _ => None,
        }
    }
}

/// The parts of one block; `None` if its type means something only in one place, or nothing at all.
pub(super) fn of_block<'a>(
    kind: &str,
    block: &InputBlock<'a>,
    scope: &mut Scope<'a>,
    at: At<'_>,
) -> Result<Option<Vec<ContentPart<'a>>>, RequestError> {
    let mut parts = match kind {
        "text" => of_text_field(block, at)?,
        "image" => vec![images::part(block, scope.backend.vision, at)?],
        "document" => documents::parts(block, scope, at)?,
        "search_result" => documents::search_result(block, at)?,
        "compaction" => compaction(block, scope, at)?,
        _ => return Ok(None),
    };
    if let Some(last) = parts.last_mut() {
        last.rest = block.rest.clone();
    }
    cache::mark_last(&mut parts, cache::mark(scope.backend.cache, block.cache_control, at)?);
    Ok(Some(parts))
}

/// The parts of content that may hold text blocks only, such as a system turn's.
pub(super) fn of_text_blocks<'a>(
    content: InputContent<'a>,
    scope: &mut Scope<'a>,
    at: At<'_>,
) -> Result<Vec<ContentPart<'a>>, RequestError> {
    let blocks = match content {
        InputContent::Text(text) => return Ok(of_string(text)),
        InputContent::Blocks(blocks) => blocks,
    };
    let mut parts = Vec::new();
    for (i, block) in blocks.iter().enumerate() {
        let at = at.index(i);
        let kind = block.kind.required_word(at.field("type"))?;
        if kind != "text" {
            return Err(misplaced(&kind, "here", at));
        }
        parts.extend(of_block(&kind, block, scope, at)?.into_iter().flatten());
    }
    Ok(parts)
}

/// Content that is a plain string; an empty one has no parts (§3.1, step 4).
pub(super) fn of_string(text: &RawValue) -> Vec<ContentPart<'_>> {
    if text.get() == "\"\"" {
        Vec::new()
    } else {
        vec![ContentPart::text(Cow::Borrowed(text))]
    }
}

fn of_text_field<'a>(block: &InputBlock<'a>, at: At<'_>) -> Result<Vec<ContentPart<'a>>, RequestError> {
    block.text.required_text(at.field("text"))?;
    Ok(block.text.raw().map(of_string).unwrap_or_default())
}

/// What an earlier session was summed up to. A summary that is not readable here would be lost.
fn compaction<'a>(
    block: &InputBlock<'a>,
    scope: &mut Scope<'a>,
    at: At<'_>,
) -> Result<Vec<ContentPart<'a>>, RequestError> {
    block.content.required_text(at.field("content"))?;
    if block.tool_changes.is_present() {
        scope.warnings.dropped("tool_changes");
    }
    Ok(block.content.raw().map(of_string).unwrap_or_default())
}

/// A block where it may not stand, or of a type that nobody knows (P1).
pub(super) fn misplaced(kind: &str, place: &str, at: At<'_>) -> RequestError {
    at.field("type")
        .error(format!("blocks of type `{kind}` are not supported {place}"))
}

/// A message's content: one string where that loses nothing and the backend prefers it, else parts.
pub(super) fn content<'a>(
    parts: Vec<ContentPart<'a>>,
    form: TextParts,
    warnings: &mut Warnings,
) -> Result<Option<ChatContent<'a>>, RequestError> {
    if parts.is_empty() {
        return Ok(None);
    }
    let plain = parts
        .iter()
        .all(|part| part.as_text().is_some() && part.cache.is_none());
    let lone = parts.len() == 1 && parts[0].rest.is_empty();
    if !plain || (form == TextParts::Array && !lone) {
        return Ok(Some(ChatContent::Parts(parts)));
    }
    for name in parts.iter().flat_map(|part| part.rest.names()) {
        warnings.dropped(name);
    }
    joined(parts).map(|text| Some(ChatContent::Text(text)))
}

/// The texts of the parts, with one newline between them.
pub(super) fn joined(mut parts: Vec<ContentPart<'_>>) -> Result<Json<'_>, RequestError> {
    if parts.len() == 1
        && let Some(ContentPart {
            kind: PartKind::Text { text },
            ..
        }) = parts.pop_if(|part| part.as_text().is_some())
    {
        return Ok(text);
    }
    let texts = || parts.iter().filter_map(ContentPart::as_text);
    let length = texts().map(|text| text.escaped().len() + 2).sum();
    texts()
        .fold(TextBuilder::with_capacity(length), |builder, text| {
            builder.line(Some(text))
        })
        .build()
}
