//! The blocks that user turns, assistant turns and tool results have in common, as chat content parts (§3.5).

use crate::chat::request::ContentPart;
use crate::error::{FieldPath, RequestError};
use crate::messages::wire::request::{InputBlock, InputContent};

use super::{documents, parts};
use crate::to_hub::Scope;

/// The parts of one block; `None` if its type means something only in one place, or nothing at all.
pub(super) fn of_block<'a>(
    kind: &str,
    block: &InputBlock<'a>,
    scope: &mut Scope<'a>,
    path: FieldPath<'_>,
) -> Result<Option<Vec<ContentPart<'a>>>, RequestError> {
    let parts = match kind {
        "document" => documents::parts(block, scope, path)?,
        "search_result" => documents::search_result(block, path)?,
        "compaction" => compaction(block, scope, path)?,
        _ => return parts::of_plain_block(kind, block, scope, path),
    };
    parts::with_rest_and_mark(parts, block, scope, path).map(Some)
}

/// The parts of content that may hold text blocks only, such as a system turn's.
pub(super) fn of_text_blocks<'a>(
    content: InputContent<'a>,
    scope: &mut Scope<'a>,
    path: FieldPath<'_>,
) -> Result<Vec<ContentPart<'a>>, RequestError> {
    let blocks = match content {
        InputContent::Text(text) => return Ok(parts::of_string(text)),
        InputContent::Blocks(blocks) => blocks,
    };
    let mut parts = Vec::new();
    for (i, block) in blocks.iter().enumerate() {
        let path = path.index(i);
        let kind = block.kind.required_word(path.field("type"))?;
        if kind != "text" {
            return Err(parts::misplaced(&kind, "here", path));
        }
        parts.extend(parts::of_plain_block(&kind, block, scope, path)?.into_iter().flatten());
    }
    Ok(parts)
}

/// The summary of an earlier session. One that is not readable here would be lost, so it is refused.
fn compaction<'a>(
    block: &InputBlock<'a>,
    scope: &mut Scope<'a>,
    path: FieldPath<'_>,
) -> Result<Vec<ContentPart<'a>>, RequestError> {
    block.content.required_text(path.field("content"))?;
    if block.tool_changes.is_present() {
        scope.warnings.dropped("tool_changes");
    }
    Ok(block.content.raw().map(parts::of_string).unwrap_or_default())
}
