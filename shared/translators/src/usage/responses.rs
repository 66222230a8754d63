//! Usage as backends write it that speak Responses (N15, the reverse of RA7).

use serde_json::value::RawValue;

use super::breakdown::{Breakdown, ServedTier};
use super::counts::Usage;
use super::member::{MEMBER, count};
use crate::json::{Lenient, Raw, Whole, lenient, lenient_object};

lenient_object! {
    ResponseUsage {
        input_tokens: Raw<'a> = b"input_tokens",
        input_details: Lenient<InputDetails<'a>> = b"input_tokens_details",
        output_tokens: Raw<'a> = b"output_tokens",
        output_details: Lenient<OutputDetails<'a>> = b"output_tokens_details",
    }
}

lenient_object! {
    InputDetails {
        cached_tokens: Raw<'a> = b"cached_tokens",
        cache_write_tokens: Raw<'a> = b"cache_write_tokens",
    }
}

lenient_object! {
    OutputDetails {
        reasoning_tokens: Raw<'a> = b"reasoning_tokens",
    }
}

lenient_object! {
    Event {
        usage: Raw<'a> = b"usage",
        service_tier: Raw<'a> = b"service_tier",
        response: Lenient<ServedResponse<'a>> = b"response",
    }
}

lenient_object! {
    ServedResponse {
        usage: Raw<'a> = b"usage",
        service_tier: Raw<'a> = b"service_tier",
    }
}

impl Usage {
    /// Reads the `usage` object of a response; `None` if it is no such object.
    pub fn from_response(json: &RawValue) -> Option<Self> {
        let usage: ResponseUsage<'_> = lenient(json)?;
        let input = usage.input_details.0.unwrap_or_default();
        let output = usage.output_details.0.unwrap_or_default();
        Some(Self {
            input: count(usage.input_tokens).unwrap_or(0),
            cached_input: count(input.cached_tokens).unwrap_or(0),
            cache_write: count(input.cache_write_tokens).unwrap_or(0),
            cache_write_1h: 0,
            output: count(usage.output_tokens).unwrap_or(0),
            reasoning: count(output.reasoning_tokens),
            breakdown: Breakdown::default(),
        })
    }
}

/// Takes over the usage in one event of a Responses stream, or in a whole response.
pub fn update_from_response_event(usage: &mut Option<Usage>, data: &[u8]) {
    if MEMBER.find(data).is_none() {
        return;
    }
    let text = String::from_utf8_lossy(data);
    let Ok(Whole(event)) = serde_json::from_str::<Whole<Event<'_>>>(&text) else {
        return;
    };
    let response = event.response.0.unwrap_or_default();
    if let Some(new) = event.usage.or(response.usage).and_then(Usage::from_response) {
        let tier = ServedTier::named(event.service_tier.or(response.service_tier));
        usage.get_or_insert_default().update(new.served_in(tier));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n15_usage_is_read_with_all_its_details() {
        let event = br#"{"type":"response.completed","response":{"usage":{"input_tokens":20,"input_tokens_details":
            {"cached_tokens":8,"cache_write_tokens":3},"output_tokens":5,"output_tokens_details":{"reasoning_tokens":2}}}}"#;
        let mut usage = None;
        update_from_response_event(&mut usage, event);
        let expected = Usage {
            input: 20,
            cached_input: 8,
            cache_write: 3,
            output: 5,
            reasoning: Some(2),
            ..Usage::default()
        };
        assert_eq!(usage, Some(expected));
        update_from_response_event(&mut usage, br#"{"type":"response.created","response":{"usage":null}}"#);
        assert_eq!(usage, Some(expected));
    }
}
