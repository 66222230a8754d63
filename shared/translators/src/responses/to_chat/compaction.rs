//! A summary in place of the conversation before it (R11), and the request for one (CO1).

use crate::chat::request::ContentPart;
use crate::error::RequestError;
use crate::json::TextBuilder;
use crate::responses::summary;
use crate::responses::wire::request::InputItem;
use crate::sealed::Sealer;

/// The request for a summary, as a user makes it.
const INSTRUCTION: &str = "Summarize the conversation so far for a handoff: goal, decisions, state, next steps. \
    Answer with the summary alone.";

pub(super) fn instruction<'a>() -> Result<ContentPart<'a>, RequestError> {
    Ok(ContentPart::text(
        TextBuilder::with_capacity(INSTRUCTION.len())
            .literal(INSTRUCTION)
            .build()?,
    ))
}

/// The summary that was sealed here, as a user says it.
pub(super) fn summary<'a>(
    item: &InputItem<'a>,
    sealer: &dyn Sealer,
    index: usize,
) -> Result<ContentPart<'a>, RequestError> {
    summary::told(item.encrypted_content, sealer, index).map(ContentPart::text)
}
