//! Events of a stream that are lost, doubled or cut off.

use odd_servers::{Reply, check, judge_passed};

use super::*;

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
