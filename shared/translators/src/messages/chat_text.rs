//! The texts of a whole chat message: thinking and text, as strings, parts or behind tags.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::chat::completion::ChoiceMessage;
use crate::chat::parts::texts;
use crate::json::EscapedText;
use crate::settings::ThinkTags;
use crate::think_tags::{SegmentKind, TagSplitter};

pub(super) type Text<'a> = Option<Cow<'a, RawValue>>;

/// The texts of a message; a thinking part of its content is taken out if the backend leaves it there.
pub(super) fn thinking_and_text<'a>(message: &ChoiceMessage<'a>, tags: ThinkTags) -> (Text<'a>, Text<'a>) {
    let reasoning = message
        .reasoning()
        .and_then(whole_text)
        .or_else(|| of_parts(message, true));
    let string = message.content().filter(|content| EscapedText::of(content).is_some());
    let content = string.and_then(whole_text).or_else(|| of_parts(message, false));
    let (Some(text), ThinkTags::Parse) = (&content, tags) else {
        return (reasoning, content);
    };
    let mut splitter = TagSplitter::default();
    let text = EscapedText::of(text).unwrap_or(EscapedText::EMPTY);
    let segments = [splitter.split(text), splitter.flush()].concat();
    let of = |wanted| {
        let texts: String = segments
            .iter()
            .filter(|(kind, _)| *kind == wanted)
            .map(|(_, text)| text.as_str())
            .collect();
        Some(texts)
            .filter(|text| !text.is_empty())
            .and_then(|text| quoted(&text))
            .map(Cow::Owned)
    };
    (reasoning.or_else(|| of(SegmentKind::Thinking)), of(SegmentKind::Text))
}

/// All the text of a string or a list of segments as one JSON string; `None` if there is none.
pub(super) fn whole_text(json: &RawValue) -> Option<Cow<'_, RawValue>> {
    if let Some(text) = EscapedText::of(json) {
        return (!text.is_empty()).then_some(Cow::Borrowed(json));
    }
    let text: String = texts(json).map(EscapedText::escaped).collect();
    if text.is_empty() {
        None
    } else {
        quoted(&text).map(Cow::Owned)
    }
}

/// The texts of the parts of a message that are thinking, or are not (T1).
fn of_parts<'a>(message: &ChoiceMessage<'a>, thinking: bool) -> Text<'a> {
    let parts = message.parts().filter(|part| part.is_thinking == thinking);
    let text: String = parts.map(|part| part.text.escaped()).collect();
    if text.is_empty() {
        None
    } else {
        quoted(&text).map(Cow::Owned)
    }
}

/// A JSON string of text that is escaped already.
pub(super) fn quoted(escaped: &str) -> Option<Box<RawValue>> {
    RawValue::from_string(format!("\"{escaped}\"")).ok()
}
