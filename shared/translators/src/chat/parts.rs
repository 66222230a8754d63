//! The texts of a message: of a string, or of the lists that some vendors write in its place.

use serde_json::value::RawValue;

use crate::json::{EscapedText, Raw, lenient, lenient_list, lenient_object};

/// A text, and if it is thinking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'a> {
    pub is_thinking: bool,
    pub text: EscapedText<'a>,
}

lenient_object! {
    /// A part of `content`, or a detail of `reasoning_details`.
    TextPart {
        text: Raw<'a> = b"text",
        summary: Raw<'a> = b"summary",
        /// Mistral: a string, or text parts (T1).
        thinking: Raw<'a> = b"thinking",
    }
}

lenient_object! {
    Detail {
        kind: Raw<'a> = b"type",
        signature: Raw<'a> = b"signature",
    }
}

/// The parts of `content` in order.
pub fn parts(json: &RawValue) -> impl Iterator<Item = Part<'_>> + use<'_> {
    let string = text(Some(json)).map(said);
    string.into_iter().chain(list(json).into_iter().flat_map(|part| {
        let thinking = part.thinking.into_iter().flat_map(texts);
        let thoughts = thinking.map(|text| Part {
            is_thinking: true,
            text,
        });
        thoughts.chain(text(part.text).map(said)).collect::<Vec<_>>()
    }))
}

/// The texts of a string, or of a list of parts (`text`) or details (`text`, else `summary`), in order.
pub fn texts(json: &RawValue) -> impl Iterator<Item = EscapedText<'_>> + use<'_> {
    let string = text(Some(json));
    let parts = list(json).into_iter();
    string
        .into_iter()
        .chain(parts.filter_map(|part| text(part.text).or_else(|| text(part.summary))))
}

/// The items of `reasoning_details` that their maker wants back: what nobody else can read, and what is signed.
pub fn wanted_back(details: &RawValue) -> impl Iterator<Item = &RawValue> {
    let items: Vec<&RawValue> = serde_json::from_str(details.get()).unwrap_or_default();
    items.into_iter().filter(|item| {
        let Some(detail) = lenient::<Detail<'_>>(item) else {
            return false;
        };
        let is_encrypted = detail.kind.is_some_and(|kind| kind.get() == "\"reasoning.encrypted\"");
        is_encrypted || text(detail.signature).is_some()
    })
}

fn list(json: &RawValue) -> Vec<TextPart<'_>> {
    lenient_list(json)
}

fn said(text: EscapedText<'_>) -> Part<'_> {
    Part {
        is_thinking: false,
        text,
    }
}

fn text(json: Raw<'_>) -> Option<EscapedText<'_>> {
    json.and_then(EscapedText::of).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h2_what_is_encrypted_or_signed_is_wanted_back() {
        let encrypted = r#"{"type":"reasoning.encrypted","data":"d"}"#;
        let signed = r#"{"type":"reasoning.text","text":"a","signature":"s"}"#;
        let unsigned = r#"{"type":"reasoning.text","text":"a","signature":""}"#;
        let plain = r#"{"type":"reasoning.text","text":"a"}"#;
        let details = format!("[{encrypted},{unsigned},{plain},7,{signed}]");
        let details = RawValue::from_string(details).unwrap();
        let wanted: Vec<&str> = wanted_back(&details).map(RawValue::get).collect();
        assert_eq!(wanted, [encrypted, signed]);
    }
}
