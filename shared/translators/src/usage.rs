//! Token usage: read from the `usage` objects of both dialects, written as Anthropic's (§4.3).
//!
//! The only place with the vendors' spellings, and with the rule that Anthropic's `input_tokens` excludes what was read
//! from or written to a cache while chat's `prompt_tokens` includes it. Prices and quotas are not known here.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Finds the member's name; made once, since events are short.
static MEMBER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"usage\""));

/// The tokens of one call, as its backend reported them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// The whole prompt, including what was read from or written to a cache.
    pub input: u64,
    /// The part of `input` that came from a cache.
    pub cached_input: u64,
    /// The part of `input` that was written to a cache for 5 minutes, or for whatever time is the vendor's default.
    pub cache_write: u64,
    /// The part of `input` that was written to a cache for an hour. Has nothing in common with `cache_write`.
    pub cache_write_1h: u64,
    pub output: u64,
    /// The part of `output` that was thinking, where the backend reports it.
    pub reasoning: Option<u64>,
}

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

    /// Takes over the numbers of an Anthropic `usage` object. They are totals: they replace, never add.
    pub fn update_from_anthropic(&mut self, json: &str) {
        let Some(new) = object::<AnthropicUsageIn>(json) else {
            return;
        };
        let uncached = self.uncached_input();
        replace(&mut self.cached_input, new.cache_read_input_tokens);
        self.set_cache_writes(new.cache_creation_input_tokens, new.cache_creation.unwrap_or_default());
        replace(&mut self.output, new.output_tokens);
        self.input = new
            .input_tokens
            .map_or(uncached, |tokens| tokens.0)
            .saturating_add(self.cached_input)
            .saturating_add(self.all_cache_writes());
        let details = new.output_tokens_details.unwrap_or_default();
        self.reasoning = details.thinking_tokens.map(|tokens| tokens.0).or(self.reasoning);
    }

    /// Anthropic's `message_start` splits the writes by the time they last; later events may repeat their sum alone.
    fn set_cache_writes(&mut self, sum: Option<Count>, split: CacheCreation) {
        let one_hour = split
            .ephemeral_1h_input_tokens
            .map_or(self.cache_write_1h, |tokens| tokens.0);
        let sum = match (sum, split.ephemeral_5m_input_tokens) {
            (Some(sum), _) => sum.0,
            (None, Some(five_minutes)) => five_minutes.0.saturating_add(one_hour),
            (None, None) => self.cache_write.saturating_add(one_hour),
        };
        self.cache_write_1h = one_hour.min(sum);
        self.cache_write = sum - self.cache_write_1h;
    }

    fn all_cache_writes(self) -> u64 {
        self.cache_write.saturating_add(self.cache_write_1h)
    }

    /// An estimate for backends that report nothing: the request's estimate, and a token for four bytes of text.
    pub fn estimate(input_tokens: u64, output_bytes: usize) -> Self {
        let output = u64::try_from(output_bytes.div_ceil(4)).unwrap_or(u64::MAX);
        Self {
            input: input_tokens,
            output,
            ..Self::default()
        }
    }

    /// The input tokens that were neither read from nor written to a cache: Anthropic's `input_tokens`.
    pub fn uncached_input(self) -> u64 {
        self.input
            .saturating_sub(self.cached_input)
            .saturating_sub(self.all_cache_writes())
    }

    /// The `usage` object of an Anthropic message.
    pub fn to_anthropic(self, service_tier: Option<&'static str>) -> AnthropicUsage {
        AnthropicUsage {
            input_tokens: self.uncached_input(),
            cache_creation_input_tokens: self.all_cache_writes(),
            cache_read_input_tokens: self.cached_input,
            output_tokens: self.output,
            output_tokens_details: self.reasoning.map(|thinking_tokens| OutputDetails { thinking_tokens }),
            service_tier,
        }
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

/// Takes over the usage in one event of an Anthropic stream, or in a whole message.
/// Usage that is reported becomes present, even if it is all zero.
pub fn update_from_event(usage: &mut Option<Usage>, data: &[u8]) {
    if MEMBER.find(data).is_none() {
        return;
    }
    let Ok(event) = serde_json::from_slice::<AnthropicFrame<'_>>(data) else {
        return;
    };
    let of_message = event.message.and_then(|message| message.usage);
    if let Some(json) = event.usage.or(of_message) {
        usage.get_or_insert_default().update_from_anthropic(json.get());
    }
}

/// Chat's `service_tier` in Anthropic's words; `None` leaves the field out.
pub fn anthropic_service_tier(chat: &str) -> Option<&'static str> {
    match chat {
        "priority" | "fast" => Some("priority"),
        "default" => Some("standard"),
        _ => None,
    }
}

/// The `usage` object of an Anthropic message: integers, never null.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct AnthropicUsage {
    pub input_tokens: u64,
    pub cache_creation_input_tokens: u64,
    pub cache_read_input_tokens: u64,
    pub output_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_tokens_details: Option<OutputDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct OutputDetails {
    pub thinking_tokens: u64,
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

#[derive(Deserialize)]
struct AnthropicUsageIn {
    input_tokens: Option<Count>,
    cache_creation_input_tokens: Option<Count>,
    cache_creation: Option<CacheCreation>,
    cache_read_input_tokens: Option<Count>,
    output_tokens: Option<Count>,
    output_tokens_details: Option<OutputDetailsIn>,
}

/// `cache_creation_input_tokens`, split by the time that the entries last.
#[derive(Default, Deserialize)]
struct CacheCreation {
    ephemeral_5m_input_tokens: Option<Count>,
    ephemeral_1h_input_tokens: Option<Count>,
}

#[derive(Default, Deserialize)]
struct OutputDetailsIn {
    thinking_tokens: Option<Count>,
}

#[derive(Deserialize)]
struct AnthropicFrame<'a> {
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<UsageHolder<'a>>,
}

#[derive(Deserialize)]
struct UsageHolder<'a> {
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
}

/// A number of tokens as backends write it: also as a float, or below zero for "unknown".
#[derive(Debug, Clone, Copy)]
struct Count(u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CountVisitor).map(Self)
    }
}

struct CountVisitor;

impl Visitor<'_> for CountVisitor {
    type Value = u64;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a number of tokens")
    }

    fn visit_u64<E>(self, value: u64) -> Result<u64, E> {
        Ok(value)
    }

    fn visit_i64<E>(self, value: i64) -> Result<u64, E> {
        Ok(u64::try_from(value).unwrap_or(0))
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates, which is meant"
    )]
    fn visit_f64<E>(self, value: f64) -> Result<u64, E> {
        Ok(value as u64)
    }
}

fn object<'a, T: Deserialize<'a>>(json: &'a str) -> Option<T> {
    json.starts_with('{').then(|| serde_json::from_str(json).ok()).flatten()
}

fn count(tokens: Option<Count>) -> u64 {
    tokens.map_or(0, |tokens| tokens.0)
}

fn replace(total: &mut u64, new: Option<Count>) {
    if let Some(new) = new {
        *total = new.0;
    }
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
    fn s4_3_anthropics_numbers_are_totals_that_replace() {
        let mut usage = None;
        let start = br#"{"type":"message_start","message":{"usage":{"input_tokens":10,"cache_read_input_tokens":20,"cache_creation_input_tokens":5,"output_tokens":1}}}"#;
        update_from_event(&mut usage, start);
        assert_eq!(
            usage,
            Some(Usage {
                input: 35,
                cached_input: 20,
                cache_write: 5,
                cache_write_1h: 0,
                output: 1,
                reasoning: None
            })
        );
        let delta =
            br#"{"type":"message_delta","usage":{"output_tokens":9,"output_tokens_details":{"thinking_tokens":4}}}"#;
        update_from_event(&mut usage, delta);
        assert_eq!(
            usage,
            Some(Usage {
                input: 35,
                cached_input: 20,
                cache_write: 5,
                cache_write_1h: 0,
                output: 9,
                reasoning: Some(4)
            })
        );
        update_from_event(&mut usage, br#"{"type":"message_delta","usage":{"input_tokens":12}}"#);
        assert_eq!(usage.map(|usage| usage.input), Some(37));
        update_from_event(&mut usage, br#"{"type":"ping"}"#);
        assert_eq!(usage.map(|usage| usage.output), Some(9));
    }

    #[test]
    fn s4_3_anthropics_input_leaves_out_the_cached_tokens() {
        let usage = Usage {
            input: 35,
            cached_input: 20,
            cache_write: 5,
            cache_write_1h: 0,
            output: 9,
            reasoning: None,
        };
        let anthropic = usage.to_anthropic(None);
        assert_eq!(anthropic.input_tokens, 10);
        assert_eq!(
            (anthropic.cache_read_input_tokens, anthropic.cache_creation_input_tokens),
            (20, 5)
        );
    }

    #[test]
    fn s4_3_cache_writes_are_split_by_the_time_they_last() {
        let writes = |events: &[&str]| {
            let mut usage = None;
            for event in events {
                update_from_event(&mut usage, event.as_bytes());
            }
            usage.map(|usage| (usage.input, usage.cache_write, usage.cache_write_1h))
        };
        let split = r#"{"usage":{"input_tokens":10,"cache_creation_input_tokens":7,"cache_creation":{"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":4}}}"#;
        let without_sum = r#"{"usage":{"input_tokens":10,"cache_creation":{"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":4}}}"#;
        let sum = r#"{"usage":{"cache_creation_input_tokens":7,"output_tokens":9}}"#;
        assert_eq!(writes(&[split]), Some((17, 3, 4)));
        assert_eq!(writes(&[without_sum]), Some((17, 3, 4)));
        assert_eq!(writes(&[split, sum]), Some((17, 3, 4)), "a sum alone keeps the split");
        assert_eq!(writes(&[sum]), Some((7, 7, 0)), "without a split they last 5 minutes");
        assert_eq!(
            writes(&[r#"{"usage":{"cache_creation_input_tokens":2,"cache_creation":null}}"#]),
            Some((2, 2, 0))
        );
    }

    #[test]
    fn s4_3_both_kinds_of_cache_writes_are_one_number_for_the_client() {
        let usage = Usage {
            input: 17,
            cache_write: 3,
            cache_write_1h: 4,
            ..Usage::default()
        };
        let anthropic = usage.to_anthropic(None);
        assert_eq!((anthropic.input_tokens, anthropic.cache_creation_input_tokens), (10, 7));
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

    #[test]
    fn s4_3_service_tiers_have_other_names() {
        assert_eq!(anthropic_service_tier("fast"), Some("priority"));
        assert_eq!(anthropic_service_tier("default"), Some("standard"));
        assert_eq!(anthropic_service_tier("flex"), None);
    }
}
