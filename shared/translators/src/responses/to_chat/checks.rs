//! What a chat backend cannot do for a Responses request: refused before anything is called (R22), or told to be
//! dropped (R21).

use crate::error::{FieldPath, RequestError};
use crate::responses::refusal;
use crate::responses::wire::request::{Moderation, ResponsesBody};
use crate::to_hub::Scope;

/// Refuses what would act or remember somewhere else than in the response.
pub fn check(request: &ResponsesBody<'_>) -> Result<(), RequestError> {
    let unsupported = refusal::unsupported;
    if request.background.flag(FieldPath::root("background"))? {
        return Err(unsupported("background", "send the request with \"stream\": true"));
    }
    if request.conversation.is_present() {
        return Err(unsupported("conversation", "send the whole conversation in input"));
    }
    if request.prompt.is_present() {
        return Err(unsupported("prompt", "send its text in instructions"));
    }
    let moderation: Moderation<'_> = request
        .moderation
        .object(FieldPath::root("moderation"))?
        .unwrap_or_default();
    if moderation.policy.is_present() {
        return Err(unsupported("moderation", "leave it out"));
    }
    Ok(())
}

/// Refuses a response that nobody has put in place of its id (ST5).
pub(super) fn refuse_previous(request: &ResponsesBody<'_>) -> Result<(), RequestError> {
    let path = FieldPath::root("previous_response_id");
    match request.previous_response_id.word(path)? {
        Some(id) => Err(refusal::no_previous_response(&id)),
        None => Ok(()),
    }
}

/// Names what is left out and could be missed (P2).
pub(super) fn warn_of_dropped(
    request: &ResponsesBody<'_>,
    is_stored: bool,
    scope: &mut Scope<'_>,
) -> Result<(), RequestError> {
    let fields = [
        ("context_management", request.context_management),
        ("access_programs", request.access_programs),
        ("moderation", request.moderation),
    ];
    for (name, field) in fields {
        if !field.is_void() {
            scope.warnings.dropped(name);
        }
    }
    if request.store.flag(FieldPath::root("store"))? && !is_stored {
        scope.warnings.dropped("store");
    }
    let is = |field: Option<_>, word: &str| field.as_deref() == Some(word);
    if is(request.truncation.word(FieldPath::root("truncation"))?, "auto") {
        scope.warnings.dropped("truncation");
    }
    let mode = request.reasoning()?.mode.word(FieldPath::root("reasoning.mode"))?;
    if mode.is_some_and(|mode| mode != "standard") {
        scope.warnings.dropped("reasoning.mode");
    }
    Ok(())
}
