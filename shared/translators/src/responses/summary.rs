//! The summary that stands for a conversation, where it is said again (R11, N6).

use super::refusal;
use crate::error::RequestError;
use crate::json::{Field, Json, TextBuilder};
use crate::sealed::{self, SealedKind, Sealer};

const HEADING: &str = "Summary of the conversation so far, written by another model:";

/// The summary that an item's `encrypted_content` holds, as a user says it: a JSON string. Without it the history would
/// be lost, so one that another server has sealed is refused.
pub(super) fn told<'a>(content: Field<'_>, sealer: &dyn Sealer, index: usize) -> Result<Json<'a>, RequestError> {
    let opened = sealed::open(sealer, SealedKind::Compaction, content);
    let opened = opened.ok_or_else(|| refusal::foreign_compaction(index))?;
    let text = opened.text();
    TextBuilder::with_capacity(HEADING.len() + text.escaped().len() + 2)
        .literal(HEADING)
        .newline()
        .escaped(text)
        .build()
}
