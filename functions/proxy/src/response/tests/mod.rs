//! The property of odd servers: the client's message is the true answer, or the client has an explicit error where that
//! is right; never less, never twice. Every crossing of dialects, streamed and whole.

mod crossing;
mod usage;

use odd_servers::{Level, Oddity, Script, check};

use self::crossing::{CROSSINGS, Crossing};

const SEEDS: u64 = 10_000;

/// The oddities that the conversion of bytes sees; labels, coding and time are the sockets'.
fn is_seen(oddity: Oddity) -> bool {
    oddity.level() < Level::Time && oddity != Oddity::Gzip
}

/// Checks seeds of one crossing, and tells the first failures.
fn hold(crossing: Crossing, streamed: bool) {
    let failures = failures(crossing, streamed);
    let shown: Vec<&str> = failures.iter().take(10).map(String::as_str).collect();
    assert!(
        failures.is_empty(),
        "{} of {SEEDS}: {}",
        failures.len(),
        shown.join("\n\n")
    );
}

fn failures(crossing: Crossing, streamed: bool) -> Vec<String> {
    (0..SEEDS)
        .filter_map(|seed| {
            let script = Script::from_seed_among(seed, crossing.backend, streamed, is_seen);
            let reply = crossing.play(&script);
            let fault = check(&script, crossing.client, &reply).err()?;
            Some(format!(
                "seed {seed} {:?}: {fault}\n--- sent\n{}\n--- got {}\n{}",
                script.oddities,
                String::from_utf8_lossy(&script.body()),
                reply.status,
                String::from_utf8_lossy(&reply.body)
            ))
        })
        .collect()
}

#[test]
fn s8_odd_servers_a_chat_stream_is_passed_through() {
    hold(CROSSINGS[0], true);
}

#[test]
fn s8_odd_servers_a_chat_completion_is_passed_through() {
    hold(CROSSINGS[0], false);
}

#[test]
fn s8_odd_servers_a_messages_stream_becomes_the_true_completion() {
    hold(CROSSINGS[1], true);
}

#[test]
fn s8_odd_servers_a_message_becomes_the_true_completion() {
    hold(CROSSINGS[1], false);
}

#[test]
fn s8_odd_servers_a_responses_stream_becomes_the_true_completion() {
    hold(CROSSINGS[2], true);
}

#[test]
fn s8_odd_servers_a_response_becomes_the_true_completion() {
    hold(CROSSINGS[2], false);
}

#[test]
fn s8_odd_servers_a_chat_stream_becomes_the_true_message() {
    hold(CROSSINGS[3], true);
}

#[test]
fn s8_odd_servers_a_chat_completion_becomes_the_true_message() {
    hold(CROSSINGS[3], false);
}

#[test]
fn s8_odd_servers_a_messages_stream_is_passed_through() {
    hold(CROSSINGS[4], true);
}

#[test]
fn s8_odd_servers_a_message_is_passed_through() {
    hold(CROSSINGS[4], false);
}

#[test]
fn s8_odd_servers_a_responses_stream_becomes_the_true_message() {
    hold(CROSSINGS[5], true);
}

#[test]
fn s8_odd_servers_a_response_becomes_the_true_message() {
    hold(CROSSINGS[5], false);
}

#[test]
fn s8_odd_servers_a_chat_stream_becomes_the_true_response() {
    hold(CROSSINGS[6], true);
}

#[test]
fn s8_odd_servers_a_chat_completion_becomes_the_true_response() {
    hold(CROSSINGS[6], false);
}

#[test]
fn s8_odd_servers_a_messages_stream_becomes_the_true_response() {
    hold(CROSSINGS[7], true);
}

#[test]
fn s8_odd_servers_a_message_becomes_the_true_response() {
    hold(CROSSINGS[7], false);
}

#[test]
fn s8_odd_servers_a_responses_stream_is_passed_through() {
    hold(CROSSINGS[8], true);
}

#[test]
fn s8_odd_servers_a_response_is_passed_through() {
    hold(CROSSINGS[8], false);
}
