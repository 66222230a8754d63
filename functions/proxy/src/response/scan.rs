//! One look at the top level of a JSON text that is due to be a response or an event of a stream: what it is, what it
//! reports, and where. Pure.

use std::borrow::Cow;

use memchr::{memchr, memchr2};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use translators::usage::{Usage, usage_of_members};

use crate::patch::Span;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChunkKind {
    Content,
    /// `message_stop`, the event that ends an Anthropic stream.
    End,
    Error,
    Malformed,
}

/// What one JSON text contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChunkInfo {
    pub(crate) kind: ChunkKind,
    /// Approximate bytes of text for the client: all strings in `choices`, `delta`, `content_block` and `content`. Zero
    /// where usage is reported, which nobody estimates.
    pub(crate) text_bytes: usize,
    /// True for a chunk that exists because of `stream_options.include_usage`: it has usage and no choice.
    pub(crate) is_usage_only: bool,
    /// True for the event in which an Anthropic backend reports the usage of the whole response.
    pub(crate) is_final_usage: bool,
    /// The place of the last of those strings.
    pub(crate) last_text: Option<Span>,
    /// The usage that a chat response reports.
    pub(crate) usage: Option<Usage>,
    /// The place of the model's name, quotes included.
    pub(crate) model: Option<Span>,
}

impl ChunkInfo {
    pub(crate) fn of(json: &[u8]) -> Self {
        // UTF-8 is checked once here; serde_json would check each borrowed string again.
        let members = str::from_utf8(json)
            .ok()
            .and_then(|text| serde_json::from_str::<Members<'_>>(text).ok());
        members.map_or(Self::malformed(), |members| members.info(json))
    }

    fn malformed() -> Self {
        Self {
            kind: ChunkKind::Malformed,
            text_bytes: 0,
            is_usage_only: false,
            is_final_usage: false,
            last_text: None,
            usage: None,
            model: None,
        }
    }
}

#[derive(Deserialize)]
struct Members<'a> {
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

impl<'a> Members<'a> {
    fn info(&self, json: &[u8]) -> ChunkInfo {
        let usage = usage_of_members(self.usage, self.choices);
        let (text_bytes, last_text) = if usage.is_none() { self.text() } else { (0, None) };
        ChunkInfo {
            kind: self.chunk_kind(),
            text_bytes,
            last_text: last_text.and_then(|text| Span::of(text, json).ok()),
            is_usage_only: self.usage.is_some() && self.choices.is_some_and(is_empty),
            is_final_usage: self.has_type("message_delta") && self.usage.is_some(),
            usage,
            model: self.model_name().and_then(|name| Span::of(name, json).ok()),
        }
    }

    fn has_type(&self, name: &str) -> bool {
        self.kind.as_deref() == Some(name)
    }

    fn chunk_kind(&self) -> ChunkKind {
        if self.error.is_some() {
            ChunkKind::Error
        } else if self.has_type("message_stop") {
            ChunkKind::End
        } else {
            ChunkKind::Content
        }
    }

    /// The bytes of all text for the client, and the last string of it.
    fn text(&self) -> (usize, Option<&'a [u8]>) {
        [self.choices, self.delta, self.content_block, self.content]
            .into_iter()
            .flatten()
            .flat_map(|value| Strings(value.get().as_bytes()))
            .fold((0, None), |(bytes, _), text| (bytes + text.len(), Some(text)))
    }

    /// The model's name as it is written; of an Anthropic stream that of its first event.
    fn model_name(&self) -> Option<&'a [u8]> {
        let name = if self.has_type("message_start") {
            model_of_message(self.message?)
        } else {
            self.model
        };
        name.map(|name| name.get().as_bytes())
            .filter(|name| name.starts_with(b"\""))
    }
}

#[derive(Deserialize)]
struct MessageStart<'a> {
    #[serde(borrow)]
    model: Option<&'a RawValue>,
}

fn model_of_message(message: &RawValue) -> Option<&RawValue> {
    serde_json::from_str::<MessageStart<'_>>(message.get()).ok()?.model
}

fn is_empty(array: &RawValue) -> bool {
    let inside = array.get().strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inside.is_some_and(|inside| inside.trim().is_empty())
}

/// All strings in a JSON value except the names of members. Escapes are not decoded: whether one makes sense, such as
/// half of a surrogate pair, is left to the client.
struct Strings<'a>(&'a [u8]);

impl<'a> Iterator for Strings<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            let quote = memchr(b'"', self.0)?;
            let rest = &self.0[quote + 1..];
            let text = &rest[..string_length(rest)];
            self.0 = rest.get(text.len() + 1..).unwrap_or_default();
            if self.0.trim_ascii_start().first() != Some(&b':') {
                return Some(text);
            }
        }
    }
}

/// Bytes up to the closing quote.
fn string_length(json: &[u8]) -> usize {
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
    fn one_look_tells_what_a_chunk_is() {
        let kind = |json: &str| ChunkInfo::of(json.as_bytes()).kind;
        assert_eq!(kind(r#"{"choices":[]}"#), ChunkKind::Content);
        assert_eq!(kind(r#"{"type":"message_stop"}"#), ChunkKind::End);
        assert_eq!(kind(r#"{"error":{"message":"x"}}"#), ChunkKind::Error);
        assert_eq!(kind(r#"{"error":null}"#), ChunkKind::Content);
        assert_eq!(kind("<html>"), ChunkKind::Malformed);
    }

    #[test]
    fn text_is_counted_in_every_member_that_has_it() {
        let text_bytes = |json: &str| ChunkInfo::of(json.as_bytes()).text_bytes;
        assert_eq!(
            text_bytes(r#"{"id":"x","choices":[{"index":0,"delta":{"content":"Hi \u00e4"},"finish_reason":null}]}"#),
            9
        );
        assert_eq!(
            text_bytes(
                r#"{"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"{}"}}]}},{"delta":{"content":"a"}}]}"#
            ),
            3
        );
        assert_eq!(
            text_bytes(r#"{"type":"content_block_delta","index":0,"delta":{"text":"four"}}"#),
            4
        );
        assert_eq!(text_bytes(r#"{"choices":"four"}"#), 4);
        assert_eq!(text_bytes(r#"{"choices":[ "\"\\" , {"\"a" : "b"}]}"#), 5);
        assert_eq!(
            text_bytes(r#"{"choices":["\ud83d"]}"#),
            6,
            "half a surrogate pair is not an error here"
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
