//! Faults that are planted in right responses: each is found, by the reader or by the judge.

#![expect(clippy::unwrap_used, reason = "what cannot be built must fail its test")]

use odd_servers::{
    Arguments, Block, Call, Expectation, Heard, HeardFailure, Json, Oddity, Protocol, Reply, Script, Stop, Style,
    Usage, check, hear, judge, judge_passed,
};

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

#[test]
fn an_event_that_is_lost_or_doubled_is_found() {
    let mut tried = 0;
    for script in streams() {
        let events = events(&script);
        for (place, event) in places(&events)
            .map(|place| (place, &events[place]))
            .filter(|(_, event)| !is_noise(event))
        {
            let (before, behind) = (events[..place].concat(), events[place + 1..].concat());
            let lost = reply(format!("{before}{behind}").into_bytes());
            let doubled = reply(format!("{before}{event}{event}{behind}").into_bytes());
            assert!(
                found(&script, &lost),
                "{:?} {} lost: {event}",
                script.protocol,
                script.seed
            );
            assert!(
                found(&script, &doubled),
                "{:?} {} doubled: {event}",
                script.protocol,
                script.seed
            );
            tried += 1;
        }
    }
    assert!(tried > 1_000, "{tried}");
}

#[test]
fn bytes_that_are_passed_on_are_found_to_lack_or_repeat_an_event() {
    for script in streams() {
        let events = events(&script);
        // Chunks of usage alone and marks are the gateway's to add and to leave out.
        let ours = |event: &str| {
            is_noise(event)
                || event.contains("\"choices\":[]")
                || event.contains("\"choices\": []")
                || event.contains("message_stop")
                || event.contains("response.in_progress")
        };
        for (place, event) in places(&events)
            .map(|place| (place, &events[place]))
            .filter(|(_, event)| !ours(event))
        {
            let (before, behind) = (events[..place].concat(), events[place + 1..].concat());
            let lost = judge_passed(&script, &reply(format!("{before}{behind}").into_bytes()));
            assert!(lost.is_err(), "{:?} {} lost: {event}", script.protocol, script.seed);
            let doubled = judge_passed(&script, &reply(format!("{before}{event}{event}{behind}").into_bytes()));
            assert!(
                doubled.is_err() || event.contains("[DONE]"),
                "{:?} {} doubled: {event}",
                script.protocol,
                script.seed
            );
        }
    }
}

#[test]
fn a_stream_that_ends_early_without_an_error_is_found_at_every_event_and_after_a_reset() {
    for script in streams() {
        let events = events(&script);
        for end in places(&events) {
            assert!(
                found(&script, &reply(events[..end].concat().into_bytes())),
                "{:?} {} {end}",
                script.protocol,
                script.seed
            );
        }
        let reset = Reply {
            complete: false,
            ..reply(script.body())
        };
        assert!(found(&script, &reset));
        assert!(check(&script, script.protocol, &reset).is_err());
        let torn = reply(script.body()[..script.body().len() - 1].to_vec());
        assert!(found(&script, &torn), "the last blank line is missing");
    }
}

/// Every place in `json`: the path to a member or an item.
fn paths(json: &Json, path: &[String], into: &mut Vec<Vec<String>>) {
    let steps: Vec<(String, &Json)> = match json {
        Json::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Json::Array(items) => items
            .iter()
            .enumerate()
            .map(|(place, value)| (place.to_string(), value))
            .collect(),
        _ => return,
    };
    for (step, value) in steps {
        let path = [path, &[step]].concat();
        into.push(path.clone());
        paths(value, &path, into);
    }
}

#[test]
fn a_text_that_is_changed_in_a_whole_answer_is_found() {
    let mut tried = 0;
    for protocol in Protocol::ALL {
        for seed in 0..SEEDS {
            let script = Script::with(seed, protocol, false, &[]);
            let json = Json::parse(&String::from_utf8(script.body()).unwrap()).unwrap();
            let mut all = Vec::new();
            paths(&json, &[], &mut all);
            for path in all {
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                let said = [
                    "text",
                    "thinking",
                    "reasoning",
                    "reasoning_content",
                    "content",
                    "arguments",
                    "name",
                    "finish_reason",
                    "stop_reason",
                    "status",
                ];
                let mut changed = json.clone();
                let in_input = path.contains(&"input");
                let of_item = protocol == Protocol::Responses && path.len() == 3 && path[2] == "status";
                let Some(Json::String(text)) = changed
                    .at_mut(&path)
                    .filter(|_| said.contains(&path[path.len() - 1]) && !in_input && !of_item)
                else {
                    continue;
                };
                text.push_str(" more");
                let wrong = reply(changed.write(Style::default()).into_bytes());
                assert!(found(&script, &wrong), "{protocol:?} {seed} {path:?}");
                assert!(judge_passed(&script, &wrong).is_err(), "{protocol:?} {seed} {path:?}");
                tried += 1;
            }
        }
    }
    assert!(tried > 300, "{tried}");
}

/// What a client hears that hears the truth.
fn truth(script: &Script) -> Heard {
    Heard {
        blocks: script.truth.blocks.clone(),
        stop: Some(script.truth.stop),
        usage: Some(script.truth.usage),
        failure: None,
    }
}

fn call(id: &str, name: &str, arguments: &str) -> Block {
    Block::Call(Call {
        id: Some(id.to_owned()),
        name: name.to_owned(),
        arguments: Arguments::Object(arguments.to_owned()),
    })
}

fn failed(message: &str) -> Heard {
    let failure = HeardFailure {
        kind: "api_error".to_owned(),
        message: message.to_owned(),
        ..HeardFailure::default()
    };
    Heard {
        failure: Some(failure),
        ..Heard::default()
    }
}

/// A script whose truth is two texts around two calls.
fn two_calls() -> Script {
    let mut script = Script::with(1, Protocol::Chat, true, &[]);
    script.truth.blocks = vec![
        Block::Text("one".to_owned()),
        call("a", "read", r#"{"p":1,"q":2.0}"#),
        call("b", "read", r#"{"p":2}"#),
        Block::Text("two".to_owned()),
    ];
    script.truth.stop = Stop::ToolUse;
    script
}

#[test]
fn calls_that_are_swapped_renamed_or_lose_a_digit_are_found() {
    let script = two_calls();
    let wrong: [fn(&mut Vec<Block>); 8] = [
        |blocks| blocks.swap(1, 2),
        |blocks| drop(blocks.remove(2)),
        |blocks| blocks.insert(3, call("c", "read", r#"{"p":2}"#)),
        |blocks| blocks[1] = call("a", "write", r#"{"p":1,"q":2.0}"#),
        |blocks| blocks[1] = call("a", "read", r#"{"p":1,"q":2}"#),
        |blocks| blocks[1] = call("a", "read", r#"{"q":2.0,"p":1}"#),
        |blocks| blocks[2] = call("a", "read", r#"{"p":2}"#),
        |blocks| blocks[2] = call("other", "read", r#"{"p":2}"#),
    ];
    for protocol in Protocol::ALL {
        assert_eq!(judge(&script, protocol, &truth(&script)), Ok(()));
        for (number, change) in wrong.iter().enumerate() {
            let mut heard = truth(&script);
            change(&mut heard.blocks);
            assert!(judge(&script, protocol, &heard).is_err(), "{protocol:?} {number}");
        }
    }
}

#[test]
fn an_order_that_is_changed_is_found_where_the_protocol_has_one() {
    let script = two_calls();
    let mut heard = truth(&script);
    heard.blocks.rotate_left(3);
    assert!(judge(&script, Protocol::Messages, &heard).is_err());
    assert!(judge(&script, Protocol::Responses, &heard).is_err());
}

#[test]
fn a_reason_of_the_end_and_counts_that_differ_are_found() {
    let script = two_calls();
    let wrong: [fn(&mut Heard); 7] = [
        |heard| heard.stop = Some(Stop::Natural),
        |heard| heard.stop = Some(Stop::MaxTokens),
        |heard| heard.stop = None,
        |heard| heard.usage = None,
        |heard| heard.usage = Some(Usage::default()),
        |heard| heard.usage.iter_mut().for_each(|usage| usage.output += 1),
        |heard| heard.failure = failed("no reason").failure,
    ];
    for change in wrong {
        let mut heard = truth(&script);
        change(&mut heard);
        assert!(judge(&script, Protocol::Messages, &heard).is_err());
    }
}

#[test]
fn an_error_that_is_swallowed_silent_or_behind_too_much_is_found() {
    let script = (0..100)
        .map(|seed| Script::with(seed, Protocol::Chat, true, &[Oddity::ErrorMidStream]))
        .find(|script| !script.oddities.is_empty());
    let script = script.unwrap();
    let Expectation::Failure(expected) = script.expectation.clone() else {
        panic!("{:?}", script.expectation)
    };
    let message = expected.message.unwrap();
    let told = failed(&format!("upstream: {message}"));
    assert_eq!(judge(&script, Protocol::Messages, &told), Ok(()));
    assert!(
        judge(&script, Protocol::Messages, &truth(&script)).is_err(),
        "the error is swallowed"
    );
    assert!(judge(&script, Protocol::Messages, &failed("something")).is_err());
    let mut twice = Heard {
        blocks: script.truth.blocks.clone(),
        ..told.clone()
    };
    twice.blocks.extend(script.truth.blocks.clone());
    assert!(
        judge(&script, Protocol::Messages, &twice).is_err(),
        "more than the truth"
    );
    assert!(judge_passed(&script, &reply(b"data: [DONE]\n\n".to_vec())).is_err());
}

#[test]
fn an_overflow_that_agents_cannot_see_and_half_a_call_that_they_run_are_found() {
    let script = Script::with(3, Protocol::Chat, false, &[Oddity::Overflow]);
    let Expectation::Failure(expected) = script.expectation.clone() else {
        panic!("{:?}", script.expectation)
    };
    let raw = failed(&expected.message.unwrap());
    assert!(judge(&script, Protocol::Responses, &raw).is_err());
    let seen = failed("prompt is too long: 5000 tokens > 4096 maximum");
    assert_eq!(judge(&script, Protocol::Messages, &seen), Ok(()));

    let script = Script::with(3, Protocol::Chat, true, &[Oddity::ArgumentsCut]);
    assert_eq!(judge(&script, Protocol::Messages, &truth(&script)), Ok(()));
    let mut run = truth(&script);
    run.stop = Some(Stop::ToolUse);
    assert!(judge(&script, Protocol::Messages, &run).is_err());
}

#[test]
fn whole_errors_with_status_200_and_ids_of_the_conversation_are_found() {
    let error = br#"{"type":"error","error":{"type":"api_error","message":"m","code":null}}"#;
    for protocol in Protocol::ALL {
        assert!(hear(protocol, false, &reply(error.to_vec())).is_err());
        assert!(
            hear(
                protocol,
                false,
                &Reply {
                    status: 502,
                    ..reply(error.to_vec())
                }
            )
            .is_ok()
        );
    }
    let script = Script::with(5, Protocol::Chat, true, &[Oddity::IdsOfHistory]);
    assert!(!script.history_ids.is_empty());
    assert!(judge(&script, Protocol::Messages, &truth(&script)).is_err());
}
