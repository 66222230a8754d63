//! The refusals of the Responses API, in the words and with the codes that its clients know.

use std::fmt::Display;

use crate::error::{Code, FieldPath, RequestError};

/// A parameter that asks for what the gateway does not do (R22).
pub(super) fn unsupported(field: &str, advice: &str) -> RequestError {
    RequestError::worded(field, format!("{field} is not supported here; {advice}.")).code(Code::UnsupportedParameter)
}

/// An item or a part of a type that nobody knows (R12).
pub(super) fn unknown(what: &str, kind: &str, path: FieldPath<'_>) -> RequestError {
    RequestError::worded(path.field("type"), format!("Unknown {what} type '{kind}'."))
}

/// An output without its call (R7).
pub(super) fn no_call(id: &str, path: FieldPath<'_>) -> RequestError {
    RequestError::worded(path.field("call_id"), format!("No tool call found for output '{id}'."))
}

/// A second output of one call (R7).
pub(super) fn second_output(id: &str, path: FieldPath<'_>) -> RequestError {
    RequestError::worded(path.field("call_id"), format!("Two outputs for the tool call '{id}'."))
}

/// A tool that only a vendor's server runs, where it is asked for in earnest (R18).
pub(super) fn hosted_tool(kind: &str) -> RequestError {
    RequestError::worded("tools", format!("`{kind}` is not available for this model.")).code(Code::UnsupportedTool)
}

/// A compaction that another server has sealed (R11).
pub(super) fn foreign_compaction(index: usize) -> RequestError {
    let message = format!("The compaction at input[{index}] was not made here.");
    RequestError::worded("input", message).code(Code::InvalidEncryptedContent)
}

/// A request for a summary in mid-conversation (R11).
pub(super) fn early_trigger(path: FieldPath<'_>) -> RequestError {
    RequestError::worded(
        path.field("type"),
        "A compaction_trigger must be the last item of input.",
    )
}

/// A response that is not stored (ST5).
pub fn no_previous_response(id: &str) -> RequestError {
    let message = format!("Previous response with id '{id}' not found.");
    RequestError::worded("previous_response_id", message).code(Code::PreviousResponseNotFound)
}

/// An item that is not stored (ST6).
pub fn no_item(id: impl Display) -> RequestError {
    let message = format!(
        "Item with id '{id}' not found. Only items of stored responses can be referred to: send the item itself."
    );
    RequestError::worded("input", message).code(Code::NotFound)
}
