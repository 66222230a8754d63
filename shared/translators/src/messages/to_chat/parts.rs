//! Chat content parts: made of text and images, joined, and written as a message's content (§3.5).

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::chat::request::{ChatContent, ContentPart, PartKind};
use crate::json::{Json, TextBuilder};
use crate::messages::wire::request::InputBlock;
use crate::settings::TextParts;

use super::scope::Scope;
use super::{cache, images};
use crate::error::{FieldPath, RequestError};
use crate::warnings::Warnings;

/// The parts of a text or image block; `None` for other types.
pub(super) fn of_plain_block<'a>(
    kind: &str,
    block: &InputBlock<'a>,
    scope: &mut Scope<'a>,
    path: FieldPath<'_>,
) -> Result<Option<Vec<ContentPart<'a>>>, RequestError> {
    if block.transformations.is_present() {
        scope.warnings.dropped("transformations");
    }
    let parts = match kind {
        "text" => of_text_field(block, path)?,
        "image" => vec![images::part(block, scope.backend.vision, path)?],
        _ => return Ok(None),
    };
    with_rest_and_mark(parts, block, scope, path).map(Some)
}

/// Gives the last part the block's unknown members, and its cache mark.
pub(super) fn with_rest_and_mark<'a>(
    mut parts: Vec<ContentPart<'a>>,
    block: &InputBlock<'a>,
    scope: &Scope<'a>,
    path: FieldPath<'_>,
) -> Result<Vec<ContentPart<'a>>, RequestError> {
    if let Some(last) = parts.last_mut() {
        last.rest = block.rest.clone();
    }
    cache::mark_last(&mut parts, cache::mark(scope.backend.cache, block.cache_control, path)?);
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

fn of_text_field<'a>(block: &InputBlock<'a>, path: FieldPath<'_>) -> Result<Vec<ContentPart<'a>>, RequestError> {
    block.text.required_text(path.field("text"))?;
    Ok(block.text.raw().map(of_string).unwrap_or_default())
}

/// A block where it may not stand, or of a type that nobody knows (P1).
pub(super) fn misplaced(kind: &str, place: &str, path: FieldPath<'_>) -> RequestError {
    path.field("type")
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
