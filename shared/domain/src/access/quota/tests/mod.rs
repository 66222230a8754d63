//! Single steps of the arithmetic; whole histories are simulated in `tests/simulation`.

mod wrong_clocks;

use jiff::Timestamp;
use std::num::NonZeroU64;

use super::*;
use crate::models::policy::Policy;
use crate::models::{PolicyName, UsageId};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_796_000_000 + second).unwrap()
}

fn policy(set: impl FnOnce(&mut Policy)) -> Policy {
    let mut policy = Policy::unlimited(PolicyName::default());
    set(&mut policy);
    policy
}

fn planned(known: Option<&Meter>, policy: &Policy, now: Timestamp) -> Plan {
    plan(
        known,
        &AdmissionRequest {
            limits: &Limits::from(policy),
            demand: Demand::default(),
            facts: &StoredFacts::fixture(),
            now,
            expires_at: now.as_second() + 900,
        },
    )
}

/// A meter that the first request of its user has made.
fn begun(policy: &Policy, now: Timestamp) -> Meter {
    let plan = planned(Some(&Meter::default()), policy, now);
    let (PeriodStep::Begin(day), PeriodStep::Begin(month)) = (plan.day, plan.month) else {
        panic!("{plan:?}")
    };
    let window = if let WindowStep::Begin { window, .. } = plan.window {
        Some(window)
    } else {
        None
    };
    Meter {
        window,
        day,
        month,
        reservations: [(UsageId::parse("first").unwrap(), plan.reservation)].into(),
        ..Meter::default()
    }
}

fn count(plan: &Plan) -> &WindowCount {
    if let WindowStep::Count(count) = &plan.window {
        count
    } else {
        panic!("{plan:?}")
    }
}

#[test]
fn p41_a_part_counts_until_all_of_it_has_left() {
    let policy = policy(|policy| policy.rate_limit = NonZeroU64::new(1));
    let meter = begun(&policy, at(0));
    for (second, is_full) in [(0, true), (60, true), (61, false)] {
        assert_eq!(
            judge(&meter, &Limits::from(&policy), Demand::default(), at(second)).is_some(),
            is_full,
            "{second}"
        );
        let step = planned(Some(&meter), &policy, at(second));
        let step = count(&step).requests.as_ref().unwrap();
        assert_eq!(
            (step.at_most, step.gone.len()),
            if is_full { (Some(0), 0) } else { (Some(1), 1) },
            "{second}"
        );
    }
    let refusal = judge(&meter, &Limits::from(&policy), Demand::default(), at(0)).unwrap();
    assert_eq!(
        (refusal.retry_at, refusal.retry_after_seconds(at(0))),
        (Some(at(61)), Some(61))
    );
}

fn counted(step: WindowStep) -> WindowCount {
    let WindowStep::Count(count) = step else {
        panic!("{step:?}")
    };
    count
}

#[test]
fn p41_a_window_that_much_has_left_is_replaced_as_a_whole() {
    let policy = policy(|policy| {
        policy.rate_limit = NonZeroU64::new(100);
        policy.token_rate_limit = NonZeroU64::new(100);
    });
    let mut meter = begun(&policy, at(0));
    let window = meter.window.as_mut().unwrap();
    let first = Bucket(window.newest);
    for part in 1..30 {
        window.requests.add(Bucket(first.0 + part), 3);
        window.tokens.add(Bucket(first.0 + part), 3);
        window.newest = first.0 + part;
    }
    let known = meter.window.clone();
    // 20 parts of each have left: they are taken out one by one. With one more of each it is the window.
    let count = counted(planned(Some(&meter), &policy, at(80)).window);
    assert_eq!(
        (count.requests.unwrap().gone.len(), count.tokens.unwrap().gone.len()),
        (20, 20)
    );
    let step = planned(Some(&meter), &policy, at(81)).window;
    let WindowStep::Begin {
        known: expected,
        window,
    } = step
    else {
        panic!("{step:?}")
    };
    assert_eq!(expected, known);
    assert_eq!((window.requests.sum, window.requests.parts.len()), (9 * 3 + 1, 10));
    assert_eq!((window.tokens.sum, window.newest), (9 * 3, first.0 + 81));
    // A window that is full all the same is refused by the database, with nothing taken out.
    for part in 1..30 {
        meter.window.as_mut().unwrap().requests.add(Bucket(first.0 + part), 30);
    }
    let requests = counted(planned(Some(&meter), &policy, at(81)).window).requests.unwrap();
    assert!(requests.gone.is_empty() && requests.at_most == Some(99));
    assert!(judge(&meter, &Limits::from(&policy), Demand::default(), at(81)).is_some());
}

#[test]
fn p41_op9_tokens_that_have_left_the_window_are_not_reserved_in_it() {
    let policy = policy(|policy| policy.token_rate_limit = NonZeroU64::new(250));
    let hundred = Demand {
        output_tokens: 100,
        ..Demand::default()
    };
    let mut meter = begun(&policy, at(0));
    let reservation = meter.reservations.values_mut().next().unwrap();
    reservation.output_tokens = 100;
    let first = reservation.place.unwrap().part;
    let tokens = &mut meter.window.as_mut().unwrap().tokens;
    tokens.add(first, 100);
    tokens.add(Bucket(first.0 + 30), 200);
    let of = |second| {
        let refusal = judge(&meter, &Limits::from(&policy), hundred, at(second)).unwrap();
        let usage = refusal.usage;
        (usage.used, usage.reserved, refusal.settled_by, refusal.retry_at)
    };
    assert_eq!(of(60), (300, 100, None, Some(at(91))));
    assert_eq!(
        of(61),
        (200, 0, None, Some(at(91))),
        "its request goes on, and nothing is given back"
    );
}

#[test]
fn p41_neither_the_window_nor_a_period_goes_back_with_a_clock_that_is_behind() {
    let policy = policy(|policy| policy.rate_limit = NonZeroU64::new(5));
    let meter = begun(&policy, at(0));
    let late = planned(Some(&meter), &policy, at(-86_400));
    assert_eq!(count(&late).part.0, meter.window.as_ref().unwrap().newest);
    assert_eq!(
        (late.day.number(), late.month.number()),
        (meter.day.number, meter.month.number)
    );
}

#[test]
fn p41_a_window_of_another_length_keeps_what_was_counted() {
    let minute = policy(|policy| policy.rate_limit = NonZeroU64::new(1));
    let meter = begun(&minute, at(0));
    for seconds in [10, 600] {
        let other = Policy {
            rate_limit_window: seconds,
            ..minute.clone()
        };
        assert!(
            judge(&meter, &Limits::from(&other), Demand::default(), at(0)).is_some(),
            "{seconds}"
        );
        assert!(
            judge(
                &meter,
                &Limits::from(&other),
                Demand::default(),
                at(i64::from(seconds) + 12)
            )
            .is_none(),
            "{seconds}"
        );
    }
}

#[test]
fn p42_a_request_that_gave_nothing_gets_its_daily_unit_back_and_not_that_of_the_rate() {
    let policy = policy(|policy| policy.rate_limit = NonZeroU64::new(5));
    let mut meter = begun(&policy, at(0));
    let reservation = meter.reservations.values().next().unwrap().clone();
    let failed = correct(&reservation, ActualUsage::NOTHING, Some(&meter), at(1));
    failed.apply(&mut meter);
    assert_eq!(
        (meter.day.requests, meter.window.as_ref().unwrap().requests.sum),
        (0, 1)
    );
    let tomorrow = Meter {
        day: Period {
            number: reservation.day + 1,
            ..Period::default()
        },
        ..meter
    };
    assert!(
        correct(&reservation, ActualUsage::NOTHING, Some(&tomorrow), at(1))
            .day
            .is_nothing(),
        "a day that is over is left alone"
    );
}

#[test]
fn p46_a_reservation_that_has_expired_takes_no_place() {
    let policy = policy(|policy| policy.max_concurrency = NonZeroU64::new(1));
    let meter = begun(&policy, at(0));
    assert!(judge(&meter, &Limits::from(&policy), Demand::default(), at(899)).is_some());
    assert!(judge(&meter, &Limits::from(&policy), Demand::default(), at(900)).is_none());
    let live = planned(Some(&meter), &policy, at(900)).live.unwrap();
    assert_eq!((live.at_most, live.expired.len()), (1, 1), "one, if it still is there");
}

/// A meter with one more request in its day and month, of 100 tokens.
fn with_one_more(meter: &Meter, policy: &Policy, id: &str, now: Timestamp) -> Meter {
    let hundred = Demand {
        output_tokens: 100,
        ..Demand::default()
    };
    let plan = plan(
        Some(meter),
        &AdmissionRequest {
            limits: &Limits::from(policy),
            demand: hundred,
            facts: &StoredFacts::fixture(),
            now,
            expires_at: now.as_second() + 900,
        },
    );
    let mut meter = meter.clone();
    for (period, step) in [(&mut meter.day, plan.day), (&mut meter.month, plan.month)] {
        match step {
            PeriodStep::Count { number, add, .. } => {
                assert_eq!(number, period.number);
                period.requests += add.requests;
                period.tokens += add.tokens;
            }
            PeriodStep::Begin(begun) | PeriodStep::Replace { period: begun, .. } => *period = begun,
        }
    }
    meter.reservations.insert(UsageId::parse(id).unwrap(), plan.reservation);
    meter
}

#[test]
fn p81_op9_what_is_reserved_is_not_used_up() {
    let policy = policy(|policy| policy.token_quota_daily = NonZeroU64::new(250));
    let hundred = Demand {
        output_tokens: 100,
        ..Demand::default()
    };
    let one = with_one_more(&Meter::default(), &policy, "one", at(0));
    let mut meter = with_one_more(&one, &policy, "two", at(1));
    let refusal = judge(&meter, &Limits::from(&policy), hundred, at(2)).unwrap();
    assert_eq!((refusal.usage.used, refusal.usage.reserved), (200, 200));
    assert_eq!(
        refusal.settled_by,
        Some(at(901)),
        "when the last one is settled at the latest"
    );
    assert_eq!(refusal.retry_after_seconds(at(2)), Some(5), "most are settled sooner");
    let used_up = ActualUsage {
        delivered: true,
        tokens: 100,
        cost: 0,
    };
    for (id, reservation) in meter.reservations.clone() {
        correct(&reservation, used_up, Some(&meter), at(3)).apply(&mut meter);
        meter.reservations.remove(&id);
    }
    let refusal = judge(&meter, &Limits::from(&policy), hundred, at(4)).unwrap();
    assert_eq!((refusal.usage.reserved, refusal.settled_by), (0, None));
    assert_eq!(
        refusal.retry_at,
        Some(day_ends(meter.day.number, policy.timezone.rules()))
    );
}
