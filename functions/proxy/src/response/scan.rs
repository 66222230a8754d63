//! What a JSON text is that stands where an answer or a part of one is due: one look at its top level. Pure.

use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr, memchr2};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use translators::usage::{Usage, usage_of_members};

/// What the text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Answer,
    /// The event with which an Anthropic stream ends.
    End,
    Error,
    Garbage,
}

/// What was found in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChunkInfo {
    pub(crate) kind: Kind,
    /// Bytes of text for the client, about: of all that is in `choices`, `delta`, `content_block` or `content`. Not counted
    /// where usage is told.
    pub(crate) said: usize,
    /// Whether it is a chunk that `stream_options.include_usage` has brought: usage, and no choice.
    pub(crate) is_usage_only: bool,
    /// Whether it is the event in which an Anthropic backend tells what the whole answer has used.
    pub(crate) is_final_usage: bool,
    /// Where the last of those texts is.
    pub(crate) text: Option<Span>,
    /// What a chat answer tells of its usage.
    pub(crate) usage: Option<Usage>,
    /// Where it names the model.
    pub(crate) model: Option<Span>,
}

/// Where a part of a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    begin: usize,
    end: usize,
}

impl Span {
    pub(crate) fn range(self) -> Range<usize> {
        self.begin..self.end
    }

    /// The place of `part`, a part of `whole`; `None` for what is none.
    pub(crate) fn of(part: &[u8], whole: &[u8]) -> Option<Self> {
        let begin = part.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
        let end = begin + part.len();
        (end <= whole.len()).then_some(Self { begin, end })
    }
}

impl ChunkInfo {
    pub(crate) fn of(json: &[u8]) -> Self {
        // Read as text, whose parts need not be looked at again for whether they are text.
        let shape = str::from_utf8(json)
            .ok()
            .and_then(|text| serde_json::from_str::<Shape<'_>>(text).ok());
        let Some(shape) = shape else {
            return Self {
                kind: Kind::Garbage,
                said: 0,
                is_usage_only: false,
                is_final_usage: false,
                text: None,
                usage: None,
                model: None,
            };
        };
        let is = |name: &str| shape.kind.as_deref() == Some(name);
        let kind = match () {
            () if shape.error.is_some() => Kind::Error,
            () if is("message_stop") => Kind::End,
            () => Kind::Answer,
        };
        let model = if is("message_start") {
            shape.message.and_then(model_of_message)
        } else {
            shape.model
        };
        let name = model
            .map(|name| name.get().as_bytes())
            .filter(|name| name.starts_with(b"\""));
        let speaking = [shape.choices, shape.delta, shape.content_block, shape.content];
        let usage = usage_of_members(shape.usage, shape.choices);
        // Nobody asks how much was said where usage is told.
        let speaking = if usage.is_none() { speaking } else { [None; 4] };
        let texts = speaking
            .into_iter()
            .flatten()
            .flat_map(|value| Texts(value.get().as_bytes()));
        let (said, last) = texts.fold((0, None), |(said, _), text| (said + text.len(), Some(text)));
        Self {
            kind,
            said,
            text: last.and_then(|text| Span::of(text, json)),
            is_usage_only: shape.usage.is_some() && shape.choices.is_some_and(is_empty),
            is_final_usage: is("message_delta") && shape.usage.is_some(),
            usage,
            model: name.and_then(|name| Span::of(name, json)),
        }
    }
}

#[derive(Deserialize)]
struct Shape<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Cow<'a, str>>,
    error: Option<IgnoredAny>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    choices: Option<&'a RawValue>,
    #[serde(borrow)]
    delta: Option<&'a RawValue>,
    #[serde(borrow)]
    content_block: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    model: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    model: Option<&'a RawValue>,
}

/// The name in the message with which an Anthropic stream begins.
fn model_of_message(message: &RawValue) -> Option<&RawValue> {
    serde_json::from_str::<Message<'_>>(message.get()).ok()?.model
}

fn is_empty(array: &RawValue) -> bool {
    let inside = array.get().strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inside.is_some_and(|inside| inside.trim().is_empty())
}

/// All texts in a JSON value, escapes as they are written and names of members left out. Nothing is decoded: an escape
/// that makes no sense, such as one half of an emoji, is the client's to judge.
struct Texts<'a>(&'a [u8]);

impl<'a> Iterator for Texts<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            let quote = memchr(b'"', self.0)?;
            let rest = &self.0[quote + 1..];
            let text = &rest[..text_length(rest)];
            self.0 = rest.get(text.len() + 1..).unwrap_or_default();
            if self.0.trim_ascii_start().first() != Some(&b':') {
                return Some(text);
            }
        }
    }
}

/// Bytes up to the quote that ends a text.
fn text_length(json: &[u8]) -> usize {
    let mut at = 0;
    while let Some(next) = memchr2(b'"', b'\\', &json[at..]) {
        if json[at + next] == b'"' {
            return at + next;
        }
        at = (at + next + 2).min(json.len());
    }
    json.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_look_tells_what_a_text_is() {
        let kind = |json: &str| ChunkInfo::of(json.as_bytes()).kind;
        assert_eq!(kind(r#"{"choices":[]}"#), Kind::Answer);
        assert_eq!(kind(r#"{"type":"message_stop"}"#), Kind::End);
        assert_eq!(kind(r#"{"error":{"message":"x"}}"#), Kind::Error);
        assert_eq!(kind(r#"{"error":null}"#), Kind::Answer);
        assert_eq!(kind("<html>"), Kind::Garbage);
    }

    #[test]
    fn text_is_counted_wherever_it_is_said() {
        let said = |json: &str| ChunkInfo::of(json.as_bytes()).said;
        assert_eq!(
            said(r#"{"id":"x","choices":[{"index":0,"delta":{"content":"Hi \u00e4"},"finish_reason":null}]}"#),
            9
        );
        assert_eq!(
            said(
                r#"{"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"{}"}}]}},{"delta":{"content":"a"}}]}"#
            ),
            3
        );
        assert_eq!(
            said(r#"{"type":"content_block_delta","index":0,"delta":{"text":"four"}}"#),
            4
        );
        assert_eq!(said(r#"{"choices":"four"}"#), 4);
        assert_eq!(said(r#"{"choices":[ "\"\\" , {"\"a" : "b"}]}"#), 5);
        assert_eq!(
            said(r#"{"choices":["\ud83d"]}"#),
            6,
            "half an emoji is no reason to break"
        );
    }

    #[test]
    fn a_chunk_of_usage_alone_is_known() {
        let is_usage_only = |json: &str| ChunkInfo::of(json.as_bytes()).is_usage_only;
        assert!(is_usage_only(r#"{"choices":[],"usage":{"prompt_tokens":1}}"#));
        for json in [
            r#"{"choices":[],"usage":null}"#,
            r#"{"choices":[{}],"usage":{}}"#,
            r#"{"usage":{}}"#,
            r#"{"choices":null,"usage":{}}"#,
        ] {
            assert!(!is_usage_only(json), "{json}");
        }
    }
}
