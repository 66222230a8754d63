//! Usage as chat backends write it.

use serde::Serialize;
use serde_json::value::RawValue;

use super::breakdown::Breakdown;
use super::counts::Usage;
use super::member::{MEMBER, UsageHolder, count};
use crate::json::{Lenient, Raw, lenient, lenient_list, lenient_object};

lenient_object! {
    ChatUsage {
        prompt_tokens: Raw<'a> = b"prompt_tokens",
        completion_tokens: Raw<'a> = b"completion_tokens",
        total_tokens: Raw<'a> = b"total_tokens",
        prompt_details: Lenient<PromptDetails<'a>> = b"prompt_tokens_details",
        completion_details: Lenient<CompletionDetails<'a>> = b"completion_tokens_details",
        /// Anthropic's names, which some servers write here too (B7.3).
        input_tokens: Raw<'a> = b"input_tokens",
        output_tokens: Raw<'a> = b"output_tokens",
        cache_read_input_tokens: Raw<'a> = b"cache_read_input_tokens",
        /// DeepSeek.
        prompt_cache_hit_tokens: Raw<'a> = b"prompt_cache_hit_tokens",
        /// Kimi.
        cached_tokens: Raw<'a> = b"cached_tokens",
    }
}

lenient_object! {
    PromptDetails {
        cached_tokens: Raw<'a> = b"cached_tokens",
        cache_write_tokens: Raw<'a> = b"cache_write_tokens",
        audio: Raw<'a> = b"audio_tokens",
    }
}

lenient_object! {
    CompletionDetails {
        reasoning_tokens: Raw<'a> = b"reasoning_tokens",
        audio: Raw<'a> = b"audio_tokens",
    }
}

impl Usage {
    /// Reads the `usage` object of a chat completion; `None` if it is no such object.
    pub fn from_chat(json: &RawValue) -> Option<Self> {
        let chat: ChatUsage<'_> = lenient(json)?;
        let prompt_details = chat.prompt_details.0.unwrap_or_default();
        let completion_details = chat.completion_details.0.unwrap_or_default();
        let first = |counts: &[Raw<'_>]| counts.iter().find_map(|json| count(*json));
        let cached = [
            prompt_details.cached_tokens,
            chat.prompt_cache_hit_tokens,
            chat.cached_tokens,
            chat.cache_read_input_tokens,
        ];
        let mut usage = Self {
            input: first(&[chat.prompt_tokens, chat.input_tokens]).unwrap_or(0),
            cached_input: first(&cached).unwrap_or(0),
            cache_write: count(prompt_details.cache_write_tokens).unwrap_or(0),
            cache_write_1h: 0,
            output: first(&[chat.completion_tokens, chat.output_tokens]).unwrap_or(0),
            reasoning: count(completion_details.reasoning_tokens),
            breakdown: Breakdown {
                audio_input: count(prompt_details.audio).unwrap_or(0),
                audio_output: count(completion_details.audio).unwrap_or(0),
                ..Breakdown::default()
            },
        };
        usage.add_hidden_output(count(chat.total_tokens).unwrap_or(0));
        Some(usage)
    }

    /// xAI and Gemini leave thinking out of the completion's tokens, but not out of the total (U1).
    fn add_hidden_output(&mut self, total: u64) {
        let output = total.saturating_sub(self.input);
        let hidden = output.saturating_sub(self.output);
        let is_told = self.input > 0 && self.output > 0;
        if hidden > 0 && is_told {
            self.output = output;
            self.reasoning = Some(self.reasoning.unwrap_or(0).max(hidden));
        }
    }
}

/// The `usage` object of a chat completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ChatUsageOut {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    prompt_tokens_details: PromptCounts,
    completion_tokens_details: CompletionCounts,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct PromptCounts {
    cached_tokens: u64,
    cache_write_tokens: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct CompletionCounts {
    reasoning_tokens: u64,
}

impl Usage {
    /// The `usage` object of a chat completion (O32).
    pub fn to_chat(self) -> ChatUsageOut {
        ChatUsageOut {
            prompt_tokens: self.input,
            completion_tokens: self.output,
            total_tokens: self.input.saturating_add(self.output),
            prompt_tokens_details: PromptCounts {
                cached_tokens: self.cached_input,
                cache_write_tokens: self.cache_write,
            },
            completion_tokens_details: CompletionCounts {
                reasoning_tokens: self.reasoning.unwrap_or(0),
            },
        }
    }
}

/// The usage in a chat completion or one chunk of it, whose members these are: for routes that pass the bytes on.
pub fn usage_of_members(usage: Raw<'_>, choices: Raw<'_>) -> Option<Usage> {
    usage.or_else(|| usage_of_choices(choices?)).and_then(Usage::from_chat)
}

/// Kimi puts the usage of a stream into its choice. Choices that cannot hold it are searched, not parsed.
fn usage_of_choices(choices: &RawValue) -> Raw<'_> {
    let bytes = choices.get().as_bytes();
    if !MEMBER.find_iter(bytes).any(|at| is_object_member(&bytes[at + 7..])) {
        return None;
    }
    let choices: Vec<UsageHolder<'_>> = lenient_list(choices);
    choices.first()?.usage
}

/// True if a member's name is followed by an object. Inside of a string the quotes would be escaped.
fn is_object_member(after_name: &[u8]) -> bool {
    let value = after_name
        .trim_ascii_start()
        .strip_prefix(b":")
        .map(<[u8]>::trim_ascii_start);
    value.is_some_and(|value| value.starts_with(b"{"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Usage {
        Usage::from_chat(&RawValue::from_string(json.to_owned()).unwrap()).unwrap()
    }

    #[test]
    fn b7_3_anthropics_names_are_read_and_odd_details_are_read_over() {
        for json in [
            r#"{"input_tokens":100,"output_tokens":20}"#,
            r#"{"prompt_tokens":"100","completion_tokens":20.0,"prompt_tokens_details":[]}"#,
            r#"{"prompt_tokens":100,"completion_tokens":20,"completion_tokens_details":"","total_tokens":null}"#,
            r#"{"prompt_tokens":1,"prompt_tokens":100,"completion_tokens":20,"total_tokens":-1}"#,
        ] {
            let usage = read(json);
            assert_eq!((usage.input, usage.output, usage.reasoning), (100, 20, None), "{json}");
        }
        assert_eq!(
            read(r#"{"total_tokens":9}"#),
            Usage::default(),
            "a total alone tells nothing"
        );
        assert_eq!(read(r#"{"prompt_tokens":1e30}"#).input, u64::MAX);
    }

    #[test]
    fn u1_a_total_above_the_sum_is_output_that_was_not_told() {
        let usage = read(r#"{"prompt_tokens":10,"completion_tokens":59,"total_tokens":629}"#);
        assert_eq!((usage.input, usage.output, usage.reasoning), (10, 619, Some(560)));
        let told = read(r#"{"prompt_tokens":10,"completion_tokens":59,"total_tokens":69}"#);
        assert_eq!((told.output, told.reasoning), (59, None));
    }

    #[test]
    fn s4_3_the_usage_of_a_chunk_is_found() {
        let usage = |usage, choices| {
            let raw = |json: Option<&str>| json.map(|json| RawValue::from_string(json.to_owned()).unwrap());
            usage_of_members(raw(usage).as_deref(), raw(choices).as_deref())
        };
        let expected = Some(Usage {
            input: 5,
            output: 2,
            ..Usage::default()
        });
        assert_eq!(
            usage(Some(r#"{"prompt_tokens":5,"completion_tokens":2}"#), Some("[]")),
            expected
        );
        assert_eq!(
            usage(
                None,
                Some(r#"[{"delta":{},"usage" : {"prompt_tokens":5,"completion_tokens":2}}]"#)
            ),
            expected,
            "as Kimi does"
        );
        assert_eq!(usage(None, Some("[]")), None);
        assert_eq!(usage(None, Some(r#"[{"delta":{"content":"\"usage\":{}"}}]"#)), None);
    }

    #[test]
    fn s4_3_chats_cache_writes_are_a_part_of_its_prompt() {
        let usage = read(r#"{"prompt_tokens":30,"prompt_tokens_details":{"cached_tokens":10,"cache_write_tokens":5}}"#);
        assert_eq!((usage.input, usage.cached_input, usage.cache_write), (30, 10, 5));
        assert_eq!(usage.uncached_input(), 15);
    }
}
