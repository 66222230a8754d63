//! One look at the top level of a JSON text that is due to be a response or an event of a stream: what it is, what it
//! reports, and where. Pure.

use memchr::{memchr, memchr2, memmem};
use serde_json::value::RawValue;
use translators::chat::completion::Completion;
use translators::chat::stream::is_error;
use translators::json::{Lenient, Raw, Whole};
use translators::lenient_object;
use translators::usage::{ServedTier, Usage, usage_of_members};

use crate::patch::Span;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChunkKind {
    Content,
    /// `message_stop`, the event that ends an Anthropic stream.
    End,
    Error,
    /// `null`, which stands for nothing (B5.1).
    Nothing,
    Malformed,
}

/// What one JSON text contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChunkInfo {
    pub(crate) kind: ChunkKind,
    /// Approximate bytes of text for the client: all strings in `choices`, `delta`, `content_block` and `content`.
    pub(crate) text_bytes: usize,
    /// True for a chunk that exists because of `stream_options.include_usage`: it has usage and no choice.
    pub(crate) is_usage_only: bool,
    /// True for the event in which an Anthropic backend reports the usage of the whole response.
    pub(crate) is_final_usage: bool,
    /// True if it tells why the response ends: the end may then come without its mark (B1.4).
    pub(crate) announces_end: bool,
    /// The place of the last of those strings.
    pub(crate) last_text: Option<Span>,
    /// The usage that a chat response reports.
    pub(crate) usage: Option<Usage>,
    /// The tier that a chat response was served in.
    pub(crate) tier: Option<ServedTier>,
    /// The place of the model's name, quotes included.
    pub(crate) model: Option<Span>,
}

impl ChunkInfo {
    pub(crate) fn of(json: &[u8]) -> Self {
        // UTF-8 is checked once here; serde_json would check each borrowed string again.
        let text = str::from_utf8(json).unwrap_or_default();
        match serde_json::from_str::<Whole<Members<'_>>>(text) {
            Ok(Whole(members)) => members.info(json),
            Err(_) if text.trim_ascii() == "null" => Self::without_content(ChunkKind::Nothing),
            Err(_) if is_list_with_error(text) => Self::without_content(ChunkKind::Error),
            Err(_) => Self::without_content(ChunkKind::Malformed),
        }
    }

    fn without_content(kind: ChunkKind) -> Self {
        Self {
            kind,
            text_bytes: 0,
            is_usage_only: false,
            is_final_usage: false,
            announces_end: false,
            last_text: None,
            usage: None,
            tier: None,
            model: None,
        }
    }
}

/// Google puts its errors into a list (E1).
fn is_list_with_error(text: &str) -> bool {
    let first = || serde_json::from_str::<Vec<&RawValue>>(text).ok()?.first().copied();
    text.starts_with('[') && first().is_some_and(|first| ChunkInfo::of(first.get().as_bytes()).kind == ChunkKind::Error)
}

lenient_object! {
    Members {
        kind: Raw<'a> = b"type",
        object: Raw<'a> = b"object",
        error: Raw<'a> = b"error",
        base_resp: Raw<'a> = b"base_resp",
        usage: Raw<'a> = b"usage",
        choices: Raw<'a> = b"choices",
        delta: Raw<'a> = b"delta",
        content_block: Raw<'a> = b"content_block",
        content: Raw<'a> = b"content",
        model: Raw<'a> = b"model",
        service_tier: Raw<'a> = b"service_tier",
        message: Raw<'a> = b"message",
    }
}

lenient_object! {
    MessageStart {
        model: Raw<'a> = b"model",
    }
}

impl<'a> Members<'a> {
    fn info(&self, json: &[u8]) -> ChunkInfo {
        let (text_bytes, last_text) = self.text();
        ChunkInfo {
            kind: self.chunk_kind(json),
            text_bytes,
            last_text: last_text.and_then(|text| Span::of(text, json).ok()),
            is_usage_only: self.usage.is_some() && self.choices.is_some_and(is_empty),
            is_final_usage: self.has_type("\"message_delta\"") && self.usage.is_some(),
            announces_end: self.announces_end(),
            usage: usage_of_members(self.usage, self.choices),
            tier: ServedTier::named(self.service_tier),
            model: self.model_name().and_then(|name| Span::of(name, json).ok()),
        }
    }

    /// `name` is JSON.
    fn has_type(&self, name: &str) -> bool {
        self.kind.is_some_and(|kind| kind.get() == name)
    }

    fn chunk_kind(&self, json: &[u8]) -> ChunkKind {
        if self.has_type("\"error\"") || (self.may_be_error() && Self::is_error(json)) {
            ChunkKind::Error
        } else if self.has_type("\"message_stop\"") {
            ChunkKind::End
        } else {
            ChunkKind::Content
        }
    }

    /// False for all that is plainly no error, and need not be read for it.
    fn may_be_error(&self) -> bool {
        let has_no_answer = self.kind.is_none() && self.usage.is_none() && self.choices.is_none_or(is_empty);
        let in_choices = || {
            let has = |name: &[u8], choices: &RawValue| memmem::find(choices.get().as_bytes(), name).is_some();
            self.choices.is_some_and(|choices| has(b"\"error\"", choices))
        };
        self.error.is_some()
            || self.base_resp.is_some()
            || self.object.is_some_and(|object| object.get() == "\"error\"")
            || has_no_answer
            || in_choices()
    }

    /// By the same rules as where responses are translated (B4.1, B6.1).
    fn is_error(json: &[u8]) -> bool {
        serde_json::from_slice::<Completion<'_>>(json).is_ok_and(|completion| is_error(&completion, json))
    }

    fn announces_end(&self) -> bool {
        let tells =
            |json: Raw<'_>, member: &str| json.is_some_and(|json| has_word(json.get().as_bytes(), member.as_bytes()));
        tells(self.choices, "\"finish_reason\"")
            || (self.has_type("\"message_delta\"") && tells(self.delta, "\"stop_reason\""))
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
        let name = if self.has_type("\"message_start\"") {
            model_of_message(self.message?)
        } else {
            self.model
        };
        name.map(|name| name.get().as_bytes())
            .filter(|name| name.starts_with(b"\""))
    }
}

fn model_of_message(message: &RawValue) -> Raw<'_> {
    let message: Lenient<MessageStart<'_>> = serde_json::from_str(message.get()).ok()?;
    message.0?.model
}

/// True if a member of this name has a string that is not empty. Inside of a string the name's quotes would be escaped.
fn has_word(json: &[u8], member: &[u8]) -> bool {
    memmem::find_iter(json, member).any(|at| {
        let value = json[at + member.len()..].trim_ascii_start().strip_prefix(b":");
        let value = value.map(<[u8]>::trim_ascii_start).unwrap_or_default();
        value.starts_with(b"\"") && !value.starts_with(b"\"\"")
    })
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
        assert_eq!(kind("<html>"), ChunkKind::Malformed);
        assert_eq!(kind(" null"), ChunkKind::Nothing);
    }

    #[test]
    fn b5_1_empty_errors_and_odd_values_are_no_errors() {
        let kind = |json: &str| ChunkInfo::of(json.as_bytes()).kind;
        for json in [
            r#"{"error":null}"#,
            r#"{"error":"","choices":[{"delta":{"content":"a"}}]}"#,
            r#"{"error":{},"choices":[{}]}"#,
            r#"{"error":false}"#,
            r#"{"type":7,"usage":[],"choices":[null]}"#,
            r#"{"choices":[],"prompt_filter_results":[{"message":"x"}]}"#,
            r#"{"choices":[{"delta":{"content":"\"error\":{}"}}]}"#,
            r#"{"usage":null,"usage":null,"choices":[]}"#,
            r#"{"base_resp":{"status_code":0},"choices":[{}]}"#,
        ] {
            assert_eq!(kind(json), ChunkKind::Content, "{json}");
        }
    }

    #[test]
    fn b4_1_b6_1_errors_are_known_in_every_form() {
        let kind = |json: &str| ChunkInfo::of(json.as_bytes()).kind;
        for json in [
            r#"{"choices":[{"finish_reason":"error","delta":{},"error":{"message":"died"}}]}"#,
            r#"{"error":"died"}"#,
            r#"{"message":"died","code":7}"#,
            r#"{"detail":"died"}"#,
            r#"{"choices":null,"usage":null,"base_resp":{"status_code":1002,"status_msg":"died"}}"#,
            r#"{"object":"error","message":"died"}"#,
            r#"{"type":"error","error":{"type":"api_error","message":"died"}}"#,
            r#"[{"error":{"message":"died"}}]"#,
        ] {
            assert_eq!(kind(json), ChunkKind::Error, "{json}");
        }
    }

    #[test]
    fn ha21_an_event_that_is_no_object_is_malformed() {
        for json in ["7", "\"x\"", "true", "[]", "[7]", ""] {
            assert_eq!(ChunkInfo::of(json.as_bytes()).kind, ChunkKind::Malformed, "{json}");
        }
    }

    #[test]
    fn b1_4_a_reason_announces_the_end() {
        let announces = |json: &str| ChunkInfo::of(json.as_bytes()).announces_end;
        for json in [
            r#"{"choices":[{"finish_reason" : "stop"}]}"#,
            r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#,
        ] {
            assert!(announces(json), "{json}");
        }
        for json in [
            r#"{"choices":[{"finish_reason":null}]}"#,
            r#"{"choices":[{"finish_reason":"","delta":{"content":"\"finish_reason\":\"stop\""}}]}"#,
            r#"{"type":"content_block_delta","delta":{"stop_reason":"x"}}"#,
            r#"{"type":"message_delta","delta":{"stop_reason":null}}"#,
        ] {
            assert!(!announces(json), "{json}");
        }
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
