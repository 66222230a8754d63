//! Chat content parts: joined, and written as a message's content (§3.5).

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::chat::request::{ChatContent, ContentPart, PartKind};
use crate::error::RequestError;
use crate::json::{Json, TextBuilder};
use crate::settings::TextParts;
use crate::warnings::Warnings;

/// Content that is a plain string; an empty one has no parts (§3.1, step 4).
pub(crate) fn of_string(text: &RawValue) -> Vec<ContentPart<'_>> {
    if text.get() == "\"\"" {
        Vec::new()
    } else {
        vec![ContentPart::text(Cow::Borrowed(text))]
    }
}

/// A message's content: one string where that loses nothing and the backend prefers it, else parts.
pub(crate) fn content<'a>(
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
pub(crate) fn joined(mut parts: Vec<ContentPart<'_>>) -> Result<Json<'_>, RequestError> {
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
