//! What a client heard, changed: calls, order, the reason of the end, counts and errors.

use odd_servers::{
    Arguments, Block, Call, Expectation, Heard, HeardFailure, Oddity, Protocol, Reply, Script, Stop, Usage, hear,
    judge, judge_passed,
};

use super::*;

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
