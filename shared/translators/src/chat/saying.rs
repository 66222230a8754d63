//! The chunks that the readers of other dialects make of what a backend says.

use serde_json::value::RawValue;

use super::completion::{ChoiceMessage, Completion, FunctionDelta, ToolCallDelta};
use super::stream::StreamEvent;
use crate::json::{EscapedText, Lenient, LenientList, Raw};

/// The function that takes the events of the hub.
pub type Take<'t> = &'t mut dyn FnMut(StreamEvent<'_>);

/// Text; nothing for an empty one.
pub fn say(text: Raw<'_>, take: Take<'_>) {
    if is_text(text) {
        delta(
            ChoiceMessage {
                content: text,
                ..ChoiceMessage::default()
            },
            take,
        );
    }
}

/// Thinking; nothing for an empty text.
pub fn think(text: Raw<'_>, take: Take<'_>) {
    if is_text(text) {
        delta(
            ChoiceMessage {
                reasoning_content: text,
                ..ChoiceMessage::default()
            },
            take,
        );
    }
}

/// The text of a refusal.
pub fn refuse(text: Raw<'_>, take: Take<'_>) {
    delta(
        ChoiceMessage {
            refusal: text,
            ..ChoiceMessage::default()
        },
        take,
    );
}

/// The beginning of a call, or a piece of one that has begun, by its `index`.
pub fn call<'a>(index: Raw<'a>, id: Raw<'a>, function: FunctionDelta<'a>, take: Take<'_>) {
    let call = ToolCallDelta {
        index,
        id,
        function: Lenient(Some(function)),
        ..ToolCallDelta::default()
    };
    delta(
        ChoiceMessage {
            tool_calls: LenientList(vec![call]),
            ..ChoiceMessage::default()
        },
        take,
    );
}

/// A piece of the arguments of the call at `index`.
pub fn call_with<'a>(index: Raw<'a>, arguments: Raw<'a>, take: Take<'_>) {
    let function = FunctionDelta {
        arguments,
        ..FunctionDelta::default()
    };
    call(index, None, function, take);
}

fn delta(delta: ChoiceMessage<'_>, take: Take<'_>) {
    take(StreamEvent::Chunk(&Completion::of_delta(delta)));
}

/// A short string without escapes.
pub fn word(json: Raw<'_>) -> Option<&str> {
    json.and_then(EscapedText::of).map(EscapedText::escaped)
}

/// True for a string that is not empty.
pub fn is_text(json: Raw<'_>) -> bool {
    json.and_then(EscapedText::of).is_some_and(|text| !text.is_empty())
}

/// Escaped text as a JSON string.
pub fn quoted(escaped: &str) -> Option<Box<RawValue>> {
    RawValue::from_string(format!("\"{escaped}\"")).ok()
}
