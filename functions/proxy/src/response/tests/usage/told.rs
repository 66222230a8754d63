//! The usage that a client reads in its response.

use odd_servers::Protocol;
use serde_json::{Map, Value, json};

use super::report::Report;

/// The usage that a client reads in its response, in one spelling.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told {
    input: u64,
    cached: u64,
    written: u64,
    output: u64,
    reasoning: u64,
    tier: Option<String>,
}

impl Told {
    /// The part of this report that a client has to be told.
    pub(super) fn expected(client: Protocol, report: Report) -> Self {
        let tier = report.tier.and_then(|tier| match client {
            Protocol::Messages => tier.anthropic(),
            Protocol::Chat | Protocol::Responses => tier.openai(),
        });
        // A response always has one.
        let tier = tier.or((client == Protocol::Responses && report.tier.is_none()).then_some("default"));
        Self {
            input: report.input(),
            cached: report.cached,
            written: report.written,
            output: report.output(),
            reasoning: report.reasoning,
            tier: tier.map(str::to_owned),
        }
    }

    /// The usage in a whole response.
    pub(super) fn whole(client: Protocol, body: &[u8]) -> Self {
        Self::of(client, &serde_json::from_slice(body).unwrap())
    }

    /// The usage that a client knows at the end of a stream, of which it has read all events.
    pub(super) fn streamed(client: Protocol, stream: &str) -> Self {
        let data = stream.lines().filter_map(|line| line.strip_prefix("data: "));
        let events: Vec<Value> = data.filter_map(|data| serde_json::from_str(data).ok()).collect();
        match client {
            Protocol::Responses => Self::of(client, &events.last().unwrap()["response"]),
            Protocol::Chat => Self::of(client, &latest(events.iter())),
            Protocol::Messages => {
                let usages = events.iter().map(|event| {
                    if event["message"].is_null() {
                        &event["usage"]
                    } else {
                        &event["message"]["usage"]
                    }
                });
                Self::of(client, &json!({"usage": latest(usages)}))
            }
        }
    }

    fn of(client: Protocol, response: &Value) -> Self {
        let usage = &response["usage"];
        let count = |path: &str| usage.pointer(path).and_then(Value::as_u64).unwrap_or(0);
        let tier = |holder: &Value| holder["service_tier"].as_str().map(str::to_owned);
        let (cached, written) = (count("/cache_read_input_tokens"), count("/cache_creation_input_tokens"));
        match client {
            Protocol::Chat => Self {
                input: count("/prompt_tokens"),
                cached: count("/prompt_tokens_details/cached_tokens"),
                written: count("/prompt_tokens_details/cache_write_tokens"),
                output: count("/completion_tokens"),
                reasoning: count("/completion_tokens_details/reasoning_tokens"),
                tier: tier(response),
            },
            Protocol::Messages => Self {
                input: count("/input_tokens") + cached + written,
                cached,
                written,
                output: count("/output_tokens"),
                reasoning: count("/output_tokens_details/thinking_tokens"),
                tier: tier(usage),
            },
            Protocol::Responses => Self {
                input: count("/input_tokens"),
                cached: count("/input_tokens_details/cached_tokens"),
                written: count("/input_tokens_details/cache_write_tokens"),
                output: count("/output_tokens"),
                reasoning: count("/output_tokens_details/reasoning_tokens"),
                tier: tier(response),
            },
        }
    }
}

/// The members of all objects, of each the last that is not null.
fn latest<'a>(objects: impl Iterator<Item = &'a Value>) -> Value {
    let mut known = Map::new();
    for object in objects.filter_map(Value::as_object) {
        known.extend(
            object
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name.clone(), value.clone())),
        );
    }
    Value::Object(known)
}
