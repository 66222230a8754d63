//! A summary in place of the conversation before it (R11), and the request for one (CO1).

use crate::chat::request::ContentPart;
use crate::error::RequestError;
use crate::json::{EscapedText, TextBuilder};
use crate::responses::refusal;
use crate::responses::sealed::{self, SealedKind, Sealer};
use crate::responses::wire::request::InputItem;

const HEADING: &str = "Summary of the conversation so far, written by another model:";

/// The request for a summary, as a user makes it.
const INSTRUCTION: &str = "Summarize the conversation so far for a handoff: goal, decisions, state, next steps. \
    Answer with the summary alone.";

/// True if the last item asks for a summary in place of a response.
pub(super) fn is_asked_for(items: &[InputItem<'_>]) -> bool {
    items.last().is_some_and(|item| item.is("compaction_trigger"))
}

pub(super) fn instruction<'a>() -> Result<ContentPart<'a>, RequestError> {
    Ok(ContentPart::text(
        TextBuilder::with_capacity(INSTRUCTION.len())
            .literal(INSTRUCTION)
            .build()?,
    ))
}

/// The summary that was sealed here, as a user says it. Without it the history would be lost, so another server's is
/// refused.
pub(super) fn summary<'a>(
    item: &InputItem<'a>,
    sealer: &dyn Sealer,
    index: usize,
) -> Result<ContentPart<'a>, RequestError> {
    let opened = sealed::open(sealer, SealedKind::Compaction, item.encrypted_content);
    let opened = opened.ok_or_else(|| refusal::foreign_compaction(index))?;
    let text = EscapedText::of(&opened.text).unwrap_or(EscapedText::EMPTY);
    let heading = TextBuilder::with_capacity(HEADING.len() + text.escaped().len() + 2);
    Ok(ContentPart::text(
        heading.literal(HEADING).newline().escaped(text).build()?,
    ))
}
