//! Faults that are planted in right responses: each is found, by the reader or by the judge.

#![expect(clippy::unwrap_used, reason = "what cannot be built must fail its test")]

mod answers;
mod events;
mod texts;

use odd_servers::{Json, Protocol, Reply, Script, hear, judge};

const SEEDS: u64 = 60;
/// At most so many events of a stream are tried.
const PLACES: usize = 12;

fn reply(body: Vec<u8>) -> Reply {
    Reply {
        status: 200,
        body,
        complete: true,
    }
}

fn found(script: &Script, reply: &Reply) -> bool {
    hear(script.protocol, script.streamed, reply)
        .and_then(|heard| judge(script, script.protocol, &heard))
        .is_err()
}

/// The events of a stream, each with its blank line.
fn events(script: &Script) -> Vec<String> {
    let body = String::from_utf8(script.body()).unwrap();
    body.split_inclusive("\n\n").map(str::to_owned).collect()
}

/// True for events that may be missing or stand twice: pings, empty deltas, white space between members of arguments.
fn is_noise(event: &str) -> bool {
    let data = event.split("data: ").nth(1).and_then(|data| Json::parse(data).ok());
    let Some(data) = data else { return false };
    let blank = |path: &[&str]| data.text_at(path).is_some_and(|text| text.trim().is_empty());
    let blank_arguments = blank(&["choices", "0", "delta", "tool_calls", "0", "function", "arguments"])
        && data.is_null_at(&["choices", "0", "delta", "tool_calls", "0", "id"])
        || blank(&["delta", "partial_json"])
        // No arguments at all are the same.
        || data.text_at(&["delta", "partial_json"]) == Some("{}");
    let delta = data.at(&["choices", "0", "delta"]);
    let says_nothing = |delta: &Json| {
        delta
            .members()
            .iter()
            .all(|(name, value)| name == "role" || *value == Json::Null || *value == Json::String(String::new()))
    };
    let no_end = data.is_null_at(&["choices", "0", "finish_reason"]);
    data.text_at(&["type"]) == Some("ping") || no_end && (blank_arguments || delta.is_some_and(says_nothing))
}

/// Some places in `events`, the last ones among them.
fn places(events: &[String]) -> impl Iterator<Item = usize> {
    let count = events.len();
    let step = count.div_ceil(PLACES).max(1);
    (0..count).filter(move |place| place % step == 0 || place + 4 > count)
}

fn streams() -> impl Iterator<Item = Script> {
    Protocol::ALL
        .into_iter()
        .flat_map(|protocol| (0..SEEDS).map(move |seed| Script::with(seed, protocol, true, &[])))
}
