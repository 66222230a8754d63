//! Usage as chat backends write it.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::counts::Usage;
use super::member::{Count, MEMBER, UsageHolder, count, object};

impl Usage {
    /// Reads the `usage` object of a chat completion; `None` if it is no such object.
    pub fn from_chat(json: &str) -> Option<Self> {
        let chat: ChatUsage = object(json)?;
        let prompt_details = chat.prompt_tokens_details.unwrap_or_default();
        let completion_details = chat.completion_tokens_details.unwrap_or_default();
        let cached = prompt_details
            .cached_tokens
            .or(chat.prompt_cache_hit_tokens)
            .or(chat.cached_tokens);
        Some(Self {
            input: count(chat.prompt_tokens),
            cached_input: count(cached),
            cache_write: count(prompt_details.cache_write_tokens),
            cache_write_1h: 0,
            output: count(chat.completion_tokens),
            reasoning: completion_details.reasoning_tokens.map(|tokens| tokens.0),
        })
    }
}

/// The usage in a chat completion or one chunk of it, whose members these are: for routes that pass the bytes on.
pub fn usage_of_members(usage: Option<&RawValue>, choices: Option<&RawValue>) -> Option<Usage> {
    usage
        .or_else(|| usage_of_choices(choices?.get()))
        .and_then(|json| Usage::from_chat(json.get()))
}

/// Kimi puts the usage of a stream into its choice. Choices that cannot hold it are searched, not parsed.
fn usage_of_choices(choices: &str) -> Option<&RawValue> {
    let bytes = choices.as_bytes();
    if !MEMBER.find_iter(bytes).any(|at| is_object_member(&bytes[at + 7..])) {
        return None;
    }
    let choices: Vec<UsageHolder<'_>> = serde_json::from_str(choices).ok()?;
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

#[derive(Deserialize)]
struct ChatUsage {
    prompt_tokens: Option<Count>,
    completion_tokens: Option<Count>,
    prompt_tokens_details: Option<PromptDetails>,
    completion_tokens_details: Option<CompletionDetails>,
    /// DeepSeek.
    prompt_cache_hit_tokens: Option<Count>,
    /// Kimi.
    cached_tokens: Option<Count>,
}

#[derive(Default, Deserialize)]
struct PromptDetails {
    cached_tokens: Option<Count>,
    cache_write_tokens: Option<Count>,
}

#[derive(Default, Deserialize)]
struct CompletionDetails {
    reasoning_tokens: Option<Count>,
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let usage = Usage::from_chat(
            r#"{"prompt_tokens":30,"prompt_tokens_details":{"cached_tokens":10,"cache_write_tokens":5}}"#,
        );
        let usage = usage.unwrap();
        assert_eq!((usage.input, usage.cached_input, usage.cache_write), (30, 10, 5));
        assert_eq!(usage.uncached_input(), 15);
    }
}
