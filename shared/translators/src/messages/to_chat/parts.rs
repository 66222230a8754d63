//! Chat content parts, made of text and images (§3.5).

use crate::chat::request::ContentPart;
use crate::error::{FieldPath, RequestError};
use crate::messages::wire::request::InputBlock;
use crate::to_hub::Scope;
pub(super) use crate::to_hub::parts::of_string;

use super::{cache, images};

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

fn of_text_field<'a>(block: &InputBlock<'a>, path: FieldPath<'_>) -> Result<Vec<ContentPart<'a>>, RequestError> {
    block.text.required_text(path.field("text"))?;
    Ok(block.text.raw().map(of_string).unwrap_or_default())
}

/// A block where it may not stand, or of a type that nobody knows (P1).
pub(super) fn misplaced(kind: &str, place: &str, path: FieldPath<'_>) -> RequestError {
    path.field("type")
        .error(format!("blocks of type `{kind}` are not supported {place}"))
}
