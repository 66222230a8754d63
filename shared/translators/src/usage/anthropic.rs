//! Usage as Anthropic writes it, read and written.

use serde::Serialize;
use serde_json::value::RawValue;

use super::breakdown::ServedTier;
use super::counts::Usage;
use super::member::{MEMBER, UsageHolder, count, replace};
use crate::json::{Lenient, Raw, Whole, lenient, lenient_object};

impl Usage {
    /// Takes over the numbers of an Anthropic `usage` object. They are totals: they replace, never add.
    pub fn update_from_anthropic(&mut self, json: &RawValue) {
        let Some(new) = lenient::<AnthropicUsageIn<'_>>(json) else {
            return;
        };
        let mut uncached = self.uncached_input();
        replace(&mut self.cached_input, count(new.cache_read_input_tokens));
        self.set_cache_writes(
            count(new.cache_creation_input_tokens),
            &new.cache_creation.0.unwrap_or_default(),
        );
        replace(&mut self.output, count(new.output_tokens));
        replace(&mut uncached, count(new.input_tokens));
        self.input = uncached
            .saturating_add(self.cached_input)
            .saturating_add(self.cache_write);
        // The fast mode has a price of its own, whatever the tier that it is in.
        let fast = ServedTier::named(new.speed).filter(|tier| *tier == ServedTier::Priority);
        let tier = fast.or_else(|| ServedTier::named(new.service_tier));
        self.breakdown.tier = tier.or(self.breakdown.tier);
        let details = new.output_tokens_details.0.unwrap_or_default();
        self.reasoning = count(details.thinking_tokens).or(self.reasoning);
    }

    /// Anthropic's `message_start` splits the writes by the time they last; later events may repeat their sum alone.
    fn set_cache_writes(&mut self, sum: Option<u64>, split: &CacheCreation<'_>) {
        replace(&mut self.cache_write_1h, count(split.ephemeral_1h_input_tokens));
        let five_minutes = count(split.ephemeral_5m_input_tokens);
        replace(&mut self.breakdown.cache_write_5m, five_minutes);
        let split_sum = five_minutes.map(|tokens| tokens.saturating_add(self.cache_write_1h));
        replace(&mut self.cache_write, sum.or(split_sum));
        self.cache_write_1h = self.cache_write_1h.min(self.cache_write);
    }

    /// The `usage` object of an Anthropic message.
    pub fn to_anthropic(self) -> AnthropicUsage {
        AnthropicUsage {
            input_tokens: self.uncached_input(),
            cache_creation_input_tokens: self.cache_write,
            cache_read_input_tokens: self.cached_input,
            output_tokens: self.output,
            output_tokens_details: self.reasoning.map(|thinking_tokens| OutputDetails { thinking_tokens }),
            service_tier: self.breakdown.tier.and_then(ServedTier::anthropic),
        }
    }
}

/// Takes over the usage in one event of an Anthropic stream, or in a whole message.
/// Usage that is reported becomes present, even if it is all zero.
pub fn update_from_event(usage: &mut Option<Usage>, data: &[u8]) {
    if MEMBER.find(data).is_none() {
        return;
    }
    let text = String::from_utf8_lossy(data);
    let Ok(Whole(event)) = serde_json::from_str::<Whole<AnthropicFrame<'_>>>(&text) else {
        return;
    };
    let of_message = event.message.0.and_then(|message| message.usage);
    if let Some(json) = event.usage.or(of_message) {
        usage.get_or_insert_default().update_from_anthropic(json);
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

lenient_object! {
    AnthropicUsageIn {
        input_tokens: Raw<'a> = b"input_tokens",
        cache_creation_input_tokens: Raw<'a> = b"cache_creation_input_tokens",
        cache_creation: Lenient<CacheCreation<'a>> = b"cache_creation",
        cache_read_input_tokens: Raw<'a> = b"cache_read_input_tokens",
        output_tokens: Raw<'a> = b"output_tokens",
        output_tokens_details: Lenient<OutputDetailsIn<'a>> = b"output_tokens_details",
        service_tier: Raw<'a> = b"service_tier",
        speed: Raw<'a> = b"speed",
    }
}

lenient_object! {
    /// `cache_creation_input_tokens`, split by the time that the entries last.
    CacheCreation {
        ephemeral_5m_input_tokens: Raw<'a> = b"ephemeral_5m_input_tokens",
        ephemeral_1h_input_tokens: Raw<'a> = b"ephemeral_1h_input_tokens",
    }
}

lenient_object! {
    OutputDetailsIn {
        thinking_tokens: Raw<'a> = b"thinking_tokens",
    }
}

lenient_object! {
    AnthropicFrame {
        usage: Raw<'a> = b"usage",
        message: Lenient<UsageHolder<'a>> = b"message",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
                output: 1,
                ..Usage::default()
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
                output: 9,
                reasoning: Some(4),
                ..Usage::default()
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
            output: 9,
            ..Usage::default()
        };
        let anthropic = usage.to_anthropic();
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
        assert_eq!(writes(&[split]), Some((17, 7, 4)));
        assert_eq!(writes(&[without_sum]), Some((17, 7, 4)));
        assert_eq!(writes(&[split, sum]), Some((17, 7, 4)), "a sum alone keeps the split");
        assert_eq!(writes(&[sum]), Some((7, 7, 0)), "without a split none lasts an hour");
        assert_eq!(
            writes(&[r#"{"usage":{"cache_creation_input_tokens":2,"cache_creation":null}}"#]),
            Some((2, 2, 0))
        );
    }

    #[test]
    fn p83_an_answer_of_the_fast_mode_is_one_of_the_dearer_tier() {
        let tier = |usage: &str| {
            let mut read = None;
            update_from_event(&mut read, format!("{{\"usage\":{usage}}}").as_bytes());
            read.and_then(|usage: Usage| usage.breakdown.tier)
        };
        let fast = r#"{"output_tokens":1,"service_tier":"standard","speed":"fast"}"#;
        assert_eq!(tier(fast), Some(ServedTier::Priority));
        let standard = r#"{"output_tokens":1,"service_tier":"standard","speed":"standard"}"#;
        assert_eq!(tier(standard), Some(ServedTier::Standard));
    }

    #[test]
    fn s4_3_both_kinds_of_cache_writes_are_one_number_for_the_client() {
        let usage = Usage {
            input: 17,
            cache_write: 7,
            cache_write_1h: 4,
            ..Usage::default()
        };
        let anthropic = usage.to_anthropic();
        assert_eq!((anthropic.input_tokens, anthropic.cache_creation_input_tokens), (10, 7));
    }
}
