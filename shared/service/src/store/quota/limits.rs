//! That the largest change of the largest meter is within what `DynamoDB` takes.

use domain::access::quota::{self, AdmissionRequest, Demand, Limit, Meter, StoredFacts, WindowStep};
use domain::models::UsageId;
use domain::models::policy::Policy;
use jiff::Timestamp;
use serde_json::json;

use super::super::item::attributes;
use super::super::limits::{ITEM, both_fit, operators};
use super::super::table::Table;
use super::super::usage::size;
use super::update;

/// A policy with every limit.
fn policy() -> Policy {
    const FAR: u64 = 1_000_000_000_000;
    let policy = json!({
        "name": "governed", "rate_limit": FAR, "rate_limit_window": 60, "request_quota_daily": FAR,
        "token_rate_limit": FAR, "token_quota_daily": FAR, "token_quota_monthly": FAR,
        "cost_quota_monthly": FAR, "max_concurrency": 1000, "timezone": "Europe/Berlin", "version": 1
    });
    serde_json::from_value(policy).unwrap()
}

fn request<'a>(policy: &'a Policy, facts: &'a StoredFacts, second: i64) -> AdmissionRequest<'a> {
    let demand = Demand {
        input_tokens: 1_000_000_000,
        output_tokens: 1_000_000_000,
        cost: 1_000_000_000,
    };
    let now = Timestamp::from_second(1_796_000_000 + second).unwrap();
    AdmissionRequest {
        policy,
        demand,
        facts,
        now,
        expires_at: now.as_second() + 900,
    }
}

/// A meter after one request in each of so many seconds, with so many under way.
fn meter(policy: &Policy, facts: &StoredFacts, seconds: i64, under_way: usize) -> Meter {
    let mut meter = Meter::default();
    for second in 0..seconds {
        let request = request(policy, facts, second);
        let plan = quota::plan(Some(&meter), &request);
        let id = UsageId::generate(request.now);
        meter.reservations.insert(id, plan.reservation.clone());
        // A process that knows nothing takes nothing out.
        let blank = quota::plan(Some(&Meter::default()), &request);
        let WindowStep::Begin { window: begun, .. } = blank.window else {
            panic!("an empty meter begins everything")
        };
        match &mut meter.window {
            Some(window) => {
                window.newest = begun.newest;
                for (mine, others) in [
                    (&mut window.requests, begun.requests),
                    (&mut window.tokens, begun.tokens),
                ] {
                    mine.sum += others.sum;
                    mine.parts.extend(others.parts);
                }
            }
            None => meter.window = Some(begun),
        }
        if let (quota::PeriodStep::Begin(day), quota::PeriodStep::Begin(month)) = (blank.day, blank.month) {
            (meter.day, meter.month) = (day, month);
        }
    }
    let reservation = meter.reservations.values().next().unwrap().clone();
    while meter.reservations.len() < under_way {
        let at = Timestamp::from_second(1_796_000_000).unwrap();
        meter.reservations.insert(UsageId::generate(at), reservation.clone());
    }
    meter
}

#[test]
fn p41_every_admission_settlement_and_reset_is_within_the_limits_of_an_expression() {
    let (policy, facts) = (policy(), StoredFacts::fixture());
    let id = UsageId::generate(Timestamp::UNIX_EPOCH);
    let mut most = 0;
    // A window that is full, and full of parts that some process has not taken out; reservations that have expired.
    for seconds in [1, 60, 120, 600] {
        let known = meter(&policy, &facts, seconds, 1000);
        for later in 0..130 {
            let request = request(&policy, &facts, seconds + later * 10);
            let plan = quota::plan(Some(&known), &request);
            let made = update::add(&plan, &id).unwrap();
            both_fit(&made);
            most = most.max(operators(&made.1.text));
            let ended = quota::correct(
                &plan.reservation,
                quota::ActualUsage::NOTHING,
                Some(&known),
                request.now,
            );
            both_fit(&update::remove(&ended, &plan.reservation, &id));
        }
        both_fit(&update::reset(&quota::take_back(&known, &Limit::ALL)).unwrap());
    }
    // Else nothing large was met.
    assert!(most > 100, "{most}");
    let first = quota::plan(Some(&Meter::default()), &request(&policy, &facts, 0));
    both_fit(&update::create(&first, &id).unwrap());
}

#[test]
fn p40_a_thousand_requests_of_one_user_have_room_in_the_meter() {
    let meter = meter(&policy(), &StoredFacts::fixture(), 120, 1000);
    let item = size(attributes(Table::Quota, &meter).unwrap());
    assert!(item <= ITEM, "{item} bytes");
}
