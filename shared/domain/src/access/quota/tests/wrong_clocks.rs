//! What a clock that was wrong leaves behind.

use super::*;

#[test]
fn p82_op9_a_day_of_a_clock_that_was_far_ahead_ends_when_it_is_full() {
    let policy = policy(|policy| policy.request_quota_daily = NonZeroU64::new(2));
    let ahead = with_one_more(&Meter::default(), &policy, "ahead", at(80 * 86_400));
    let step = planned(Some(&ahead), &policy, at(0)).day;
    assert_eq!(step.number(), ahead.day.number, "while it has room it is counted in");
    let full = with_one_more(&ahead, &policy, "full", at(80 * 86_400));
    assert!(judge(&full, &Limits::from(&policy), Demand::default(), at(0)).is_none());
    let PeriodStep::Begin(period) = planned(Some(&full), &policy, at(0)).day else {
        panic!("the day stays")
    };
    assert_eq!((period.number % 100_000_000, period.requests), (20_261_130, 1));
    let back = Meter { day: period, ..full };
    let correction = correct(
        &back.reservations.values().next().unwrap().clone(),
        ActualUsage::NOTHING,
        Some(&back),
        at(1),
    );
    assert!(
        correction.day.is_nothing(),
        "nothing of the other clock's day is given back in this one"
    );
    let tomorrow = planned(Some(&back), &policy, at(86_400)).day;
    let PeriodStep::Replace { known, period } = tomorrow else {
        panic!("{tomorrow:?}")
    };
    assert_eq!((known, period.number), (back.day.number, 20_261_201));
}

#[test]
fn p82_op9_a_window_of_a_clock_that_was_far_ahead_ends_when_it_is_full() {
    let policy = policy(|policy| policy.rate_limit = NonZeroU64::new(1));
    let full = begun(&policy, at(80 * 86_400));
    assert!(judge(&full, &Limits::from(&policy), Demand::default(), at(0)).is_none());
    let plan = planned(Some(&full), &policy, at(0));
    let WindowStep::Begin { known, window } = plan.window else {
        panic!("{plan:?}")
    };
    assert_eq!((known.as_ref(), window.requests.sum), (full.window.as_ref(), 1));
}

#[test]
fn p82_op9_a_reservation_of_a_clock_that_was_far_ahead_has_expired() {
    let policy = policy(|policy| policy.max_concurrency = NonZeroU64::new(1));
    let meter = begun(&policy, at(80 * 86_400));
    assert!(judge(&meter, &Limits::from(&policy), Demand::default(), at(0)).is_none());
    let reservation = meter.reservations.values().next().unwrap();
    assert!(reservation.has_expired(at(0)));
    let facts = StoredFacts {
        at: at(80 * 86_400).as_millisecond(),
        ..StoredFacts::fixture()
    };
    let user = crate::models::UserId::parse("u").unwrap();
    assert_eq!(facts.request(&user, at(0)).at, at(0), "its record is of the present");
}

#[test]
fn p82_op9_another_time_zone_gives_no_second_day_and_no_longer_one() {
    let zone = |name| crate::models::zone::Zone::parse(name).unwrap();
    let by = |name| {
        policy(|policy| {
            policy.request_quota_daily = NonZeroU64::new(1);
            policy.timezone = zone(name);
        })
    };
    let (utc, kiritimati, pago_pago) = (by("UTC"), by("Pacific/Kiritimati"), by("Pacific/Pago_Pago"));
    let noon: Timestamp = "2026-11-27T12:00:00Z".parse().unwrap();
    let midnight: Timestamp = "2026-11-28T00:00:00Z".parse().unwrap();
    let meter = with_one_more(&Meter::default(), &utc, "one", noon);
    for policy in [&utc, &kiritimati, &pago_pago] {
        let refusal = judge(&meter, &Limits::from(policy), Demand::default(), noon).unwrap();
        assert_eq!(
            refusal.retry_at,
            Some(midnight),
            "the day that has begun ends as it would have"
        );
        assert!(judge(&meter, &Limits::from(policy), Demand::default(), midnight).is_none());
    }
    let there = with_one_more(&meter, &kiritimati, "two", midnight);
    assert_eq!(there.day.number, 20_261_128);
    let ends: Timestamp = "2026-11-28T10:00:00Z".parse().unwrap();
    let refusal = judge(&there, &Limits::from(&utc), Demand::default(), midnight).unwrap();
    assert_eq!(refusal.retry_at, Some(ends));
    // The same date again, by another clock: another number, so that no reservation is taken for one of this day.
    let back = with_one_more(&there, &utc, "three", ends);
    assert_eq!((back.day.number, back.day.requests), (120_261_128, 1));
    let late = &there.reservations[&UsageId::parse("two").unwrap()];
    assert!(correct(late, ActualUsage::NOTHING, Some(&back), ends).day.is_nothing());
}
