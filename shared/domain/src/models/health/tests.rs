//! The table of what takes a backend out, and the property that nothing else does.

use FailureClass::{Billing, Connect, Credentials, ModelMissing, RateLimited, Status};
use proptest::prelude::*;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_000_000_000 + second).unwrap()
}

/// Seconds from `now` until the end of an ejection.
fn out(health: &Health, now: Timestamp) -> i64 {
    health
        .ejected_at(now)
        .map_or(0, |until| until.as_second() - now.as_second())
}

fn failure(class: FailureClass) -> RequestFailure {
    RequestFailure {
        class,
        retry_after: None,
        message: None,
    }
}

fn failed(mut health: Health, times: u32, now: Timestamp) -> Health {
    for _ in 0..times {
        health = health.after_failure(now, &failure(Connect), true);
    }
    health
}

fn reachable(finding: Option<FailureClass>) -> CheckFinding {
    CheckFinding::Reachable {
        latency: Duration::from_millis(7),
        finding,
        by_hand: false,
    }
}

#[test]
fn p53_five_failures_in_a_row_take_a_backend_out_for_half_a_minute() {
    let four = failed(Health::default(), 4, at(0));
    assert_eq!((four.availability(at(0)), four.failures), (Availability::Available, 4));
    let five = failed(four.clone(), 1, at(0));
    assert_eq!((out(&five, at(0)), five.since), (30, Some(at(0))));
    let interrupted = failed(four.after_success(at(0)), 4, at(0));
    assert_eq!(interrupted.availability(at(0)), Availability::Available);
}

#[test]
fn b6_5_no_failure_takes_a_backend_out_for_one_request() {
    let number = |classes: &[FailureClass]| {
        let mut health = Health::default();
        for (number, class) in classes.iter().cycle().take(20).enumerate() {
            health = health.after_failure(at(0), &failure(*class), true);
            if !health.healthy {
                return number + 1;
            }
        }
        0
    };
    for (classes, requests) in [
        (vec![Credentials], 2),
        (vec![Billing], 2),
        (vec![ModelMissing], 2),
        (vec![Billing, Credentials], 2),
        (vec![Status, Credentials], 5),
        (vec![Status, Credentials, Credentials], 3),
        (vec![Status], 5),
        (vec![Connect], 5),
        (vec![FailureClass::Malformed], 5),
        (vec![RateLimited], 5),
    ] {
        assert_eq!(number(&classes), requests, "{classes:?}");
    }
}

#[test]
fn ha14_failures_that_do_not_count_take_nobody_out_and_are_told() {
    let mut health = Health::default();
    for _ in 0..20 {
        let refused = RequestFailure {
            retry_after: Some(Duration::from_secs(7)),
            message: Some("no".into()),
            ..failure(RateLimited)
        };
        health = health.after_failure(at(0), &refused, false);
    }
    assert_eq!((health.healthy, health.failures), (true, 20));
    assert_eq!(health.last_error.as_ref().unwrap().message.as_deref(), Some("no"));
    assert!(
        !failed(health, 1, at(1)).healthy,
        "the next one that counts shows what they were"
    );
}

#[test]
fn p53_each_time_out_is_twice_as_long_up_to_five_minutes() {
    let (mut health, mut now) = (failed(Health::default(), 5, at(0)), at(0));
    for expected in [30, 60, 120, 240, 300, 300] {
        assert_eq!(out(&health, now), expected);
        assert_eq!(
            failed(health.clone(), 7, now).ejected_until,
            health.ejected_until,
            "stragglers change nothing"
        );
        now = health.ejected_until.unwrap();
        assert_eq!(health.availability(now), Availability::Probation);
        health = failed(health, 1, now);
    }
}

#[test]
fn p53_one_answer_lets_it_back_but_one_who_flaps_is_not_forgiven_at_once() {
    let back = failed(Health::default(), 5, at(0)).after_success(at(1));
    assert_eq!(
        (back.availability(at(1)), back.since),
        (Availability::Available, Some(at(1)))
    );
    assert!(back.last_failure.is_none() && back.last_error.is_some());
    assert_eq!(out(&failed(back.clone(), 5, at(1)), at(1)), 60);
    assert_eq!(out(&failed(back, 5, at(30 + 300)), at(330)), 30);
}

#[test]
fn p53_a_failed_check_takes_out_at_once_and_two_at_once_do_no_harm() {
    let check = |health: &Health, now, found| health.clone().after_check(now, found);
    let once = check(&Health::default(), at(0), CheckFinding::Failed(Connect));
    assert_eq!((out(&once, at(0)), once.last_check_at), (30, Some(at(0))));
    let twice = check(&once, at(0), CheckFinding::Failed(Connect));
    assert_eq!(twice.ejected_until, once.ejected_until);
    let kept_out = check(&once, at(20), CheckFinding::Failed(Connect));
    assert_eq!((out(&kept_out, at(20)), kept_out.ejections), (30, 1));
    let back = check(&once, at(60), reachable(None));
    assert_eq!(
        (back.availability(at(60)), back.latency_ms, back.last_failure),
        (Availability::Available, Some(7), None)
    );
}

#[test]
fn op_a_check_never_outranks_a_request_that_succeeded_within_two_minutes() {
    let used = Health::default().after_success(at(0));
    for (second, healthy) in [(1, true), (120, true), (151, false), (1000, false)] {
        let checked = used
            .clone()
            .after_check(at(second), CheckFinding::Failed(FailureClass::Timeout));
        assert_eq!(checked.healthy, healthy, "{second}");
        assert_eq!(checked.finding, Some(FailureClass::Timeout), "it is told in any case");
    }
    let ejected = failed(used, 5, at(1)).after_check(at(2), CheckFinding::Failed(Connect));
    assert!(!ejected.healthy, "requests themselves have shown that it is out");
}

#[test]
fn op_a_check_that_cannot_show_that_the_reason_is_gone_lets_nobody_back() {
    let by_hand = |finding| CheckFinding::Reachable {
        latency: Duration::ZERO,
        finding,
        by_hand: true,
    };
    for (reason, found, healthy) in [
        (Connect, reachable(None), true),
        (Connect, reachable(Some(Credentials)), true),
        (Credentials, reachable(Some(Credentials)), false),
        (Credentials, reachable(None), true),
        (Billing, reachable(None), false),
        (Billing, by_hand(None), true),
        (ModelMissing, reachable(None), false),
        (ModelMissing, by_hand(Some(ModelMissing)), false),
        (ModelMissing, by_hand(None), true),
    ] {
        let mut health = Health::default();
        while health.healthy {
            health = health.after_failure(at(0), &failure(reason), true);
        }
        assert_eq!(
            health.after_check(at(1), found).healthy,
            healthy,
            "{reason:?} {found:?}"
        );
    }
    let well = Health::default().after_check(at(0), reachable(Some(Credentials)));
    assert!(
        well.healthy && well.finding == Some(Credentials),
        "a finding ejects nobody"
    );
}

#[test]
fn p52_retry_after_says_for_how_long() {
    for (seconds, expected) in [(0, 0), (7, 7), (100_000, 300)] {
        let asked = |class| RequestFailure {
            retry_after: Some(Duration::from_secs(seconds)),
            ..failure(class)
        };
        let limited = Health::default().after_failure(at(0), &asked(RateLimited), true);
        assert_eq!(out(&limited, at(0)), expected);
        let refused = Health::default().after_failure(at(0), &asked(Credentials), true);
        assert_eq!(out(&refused, at(0)), 0, "a refusal asks for no rest");
    }
}

#[test]
fn states_of_before_there_were_ejections_can_be_read() {
    let old: Health = serde_json::from_str(r#"{"healthy":false,"last_check_at":null}"#).unwrap();
    assert_eq!(old.availability(at(0)), Availability::Probation);
    let newer: Health = serde_json::from_str(r#"{"healthy":true,"last_failure":"not_invented_yet","x":1}"#).unwrap();
    assert_eq!(newer.last_failure, Some(FailureClass::Other));
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Failure(FailureClass, Option<u64>, bool),
    Success,
    Check(bool),
}

fn event() -> impl Strategy<Value = Event> {
    let class = prop_oneof![Just(Connect), Just(Credentials), Just(RateLimited)];
    prop_oneof![
        4 => (class, proptest::option::weighted(0.1, 0..1000_u64), any::<bool>())
            .prop_map(|(class, after, counts)| Event::Failure(class, after, counts)),
        1 => Just(Event::Success),
        1 => any::<bool>().prop_map(Event::Check),
    ]
}

proptest! {
    #[test]
    fn p53_whatever_is_found_nobody_is_out_for_longer_than_five_minutes_or_without_cause(
        events in proptest::collection::vec((0..400_i64, event()), 0..60)
    ) {
        let (mut health, mut now, mut refused) = (Health::default(), 0, 0);
        for (wait, event) in events {
            now += wait;
            let (before, succeeded) = (health.clone(), matches!(event, Event::Success));
            health = match event {
                Event::Failure(class, after, counts) => {
                    let failure = RequestFailure { retry_after: after.map(Duration::from_secs), ..failure(class) };
                    health.after_failure(at(now), &failure, counts)
                }
                Event::Success => health.after_success(at(now)),
                Event::Check(true) => health.after_check(at(now), reachable(None)),
                Event::Check(false) => health.after_check(at(now), CheckFinding::Failed(Connect)),
            };
            refused = match event {
                Event::Failure(Credentials, ..) => refused + 1,
                Event::Failure(..) | Event::Success | Event::Check(true) => 0,
                Event::Check(false) => refused,
            };
            prop_assert!(out(&health, at(now)) <= 300);
            prop_assert!(!succeeded || health.is_spotless());
            prop_assert!(health.ejected_until >= before.ejected_until);
            if before.healthy && !health.healthy {
                prop_assert!(health.since == Some(at(now)));
                match event {
                    Event::Failure(_, None, counts) => prop_assert!(counts && (health.failures >= 5 || refused >= 2)),
                    Event::Failure(_, Some(_), counts) => prop_assert!(counts),
                    Event::Check(answered) => prop_assert!(!answered),
                    Event::Success => prop_assert!(false),
                }
            }
        }
    }
}
