//! That the largest change of the largest meter is within what `DynamoDB` takes.

use domain::access::quota::{
    self, Above, AdmissionRequest, Demand, Field, Level, LimitName, Limits, Meter, SlotChange, SlotCounter,
    StoredFacts, Window, WindowStep,
};
use domain::models::UsageId;
use domain::models::api_key::ApiKey;
use domain::models::budget::Budgets;
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

fn request<'a>(limits: &'a Limits, facts: &'a StoredFacts, second: i64) -> AdmissionRequest<'a> {
    let demand = Demand {
        input_tokens: 1_000_000_000,
        output_tokens: 1_000_000_000,
        cost: 1_000_000_000,
    };
    let now = Timestamp::from_second(1_796_000_000 + second).unwrap();
    AdmissionRequest {
        limits,
        demand,
        facts,
        now,
        expires_at: now.as_second() + 900,
    }
}

fn add_parts(window: &mut Window, begun: Window) {
    window.newest = begun.newest;
    for (mine, others) in [
        (&mut window.requests, begun.requests),
        (&mut window.tokens, begun.tokens),
    ] {
        mine.sum += others.sum;
        mine.parts.extend(others.parts);
    }
}

/// A meter after one request in each of so many seconds, with so many under way.
fn meter(limits: &Limits, facts: &StoredFacts, seconds: i64, under_way: usize) -> Meter {
    let mut meter = Meter::default();
    for second in 0..seconds {
        let request = request(limits, facts, second);
        let plan = quota::plan(Some(&meter), &request);
        let id = UsageId::generate(request.now);
        meter.reservations.insert(id, plan.reservation.clone());
        // A process that knows nothing takes nothing out.
        let blank = quota::plan(Some(&Meter::default()), &request);
        let WindowStep::Begin { window: begun, .. } = blank.window else {
            panic!("an empty meter begins everything")
        };
        match &mut meter.window {
            Some(window) => add_parts(window, begun),
            None => meter.window = Some(begun),
        }
        for step in blank.slots {
            let SlotChange::Begin(begun) = step.change else {
                panic!("an empty meter begins everything")
            };
            let slots = meter.slots_mut(step.level).get_or_insert_default();
            match (slots.get_mut(&step.slot), begun) {
                (Some(SlotCounter::Window(window)), SlotCounter::Window(begun)) => add_parts(window, begun),
                (_, begun) => {
                    slots.insert(step.slot, begun);
                }
            }
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
    let most = largest(&Limits::from(&policy()));
    // Else nothing large was met.
    assert!(most > 100, "{most}");
}

#[test]
fn p88_p89_the_largest_lists_of_limits_are_within_the_limits_of_an_expression() {
    const FAR: u64 = 1_000_000_000_000;
    for pers in [
        ["week", "total", "day", "month"],
        ["60s", "61s", "62s", "63s"],
        ["week", "total", "60s", "61s"],
    ] {
        let limits = |models: &[&str]| -> Vec<serde_json::Value> {
            let of = |glob| pers.map(|per| json!({"what": "tokens", "per": per, "amount": FAR, "models": [glob]}));
            models.iter().flat_map(|glob| of(*glob)).collect()
        };
        let slots = |first: usize, count: usize| (first..first + count).map(|slot| format!("slot{slot:02}"));
        let mut policy = policy();
        policy.limits = serde_json::from_value(limits(&["*", "m*", "m"]).into()).unwrap();
        policy.slots = slots(0, 12)
            .map(|slot| serde_json::from_value(slot.into()).unwrap())
            .collect();
        let key: ApiKey = serde_json::from_value(json!({
            "id": "k", "owner": "u", "name": "key", "key_prefix": "sk", "enabled": true, "version": 1,
            "created_at": "2026-01-01T00:00:00Z", "limits": limits(&["m"]), "slots": slots(12, 4).collect::<Vec<_>>()
        }))
        .unwrap();
        let limits = Limits::of(&policy, &key, "m");
        assert_eq!(limits.rules.iter().filter(|rule| rule.level == Level::Key).count(), 4);
        assert_eq!(limits.rules.len(), 7 + 12 + 4);
        let most = largest(&limits);
        assert!(most > 100, "{most}");
    }
}

/// The most operators of a condition of an admission under these limits. All expressions have room.
fn largest(limits: &Limits) -> usize {
    let facts = StoredFacts::fixture();
    let id = UsageId::generate(Timestamp::UNIX_EPOCH);
    let listed = limits.rules.iter().map(|rule| rule.name.clone());
    let every: Vec<LimitName> = Field::ALL.map(LimitName::Field).into_iter().chain(listed).collect();
    let mut most = 0;
    // A window that is full, and full of parts that some process has not taken out; reservations that have expired.
    for seconds in [1, 60, 120, 600] {
        let known = meter(limits, &facts, seconds, 1000);
        for later in 0..130 {
            let request = request(limits, &facts, seconds + later * 10);
            let plan = quota::plan(Some(&known), &request);
            let made = update::add(&plan, &id, Some(&known)).unwrap();
            both_fit(&made);
            most = most.max(operators(&made.1.text));
            both_fit(&update::add(&quota::plan(None, &request), &id, None).unwrap());
            for meter in [Some(&known), None] {
                let ended = quota::correct(&plan.reservation, quota::ActualUsage::NOTHING, meter, request.now);
                both_fit(&update::remove(&ended, &plan.reservation, &id));
            }
        }
        both_fit(&update::reset(&quota::take_back(&known, &every, limits)).unwrap());
    }
    let first = quota::plan(Some(&Meter::default()), &request(limits, &facts, 0));
    both_fit(&update::create(&first, &id).unwrap());
    most
}

#[test]
fn p114_below_no_budget_a_request_writes_and_expects_nothing_of_slices() {
    let (facts, id) = (StoredFacts::fixture(), UsageId::generate(Timestamp::UNIX_EPOCH));
    let mut limits = Limits::from(&policy());
    let written = |limits: &Limits| {
        let request = request(limits, &facts, 0);
        let plan = quota::plan(Some(&meter(limits, &facts, 1, 1)), &request);
        let (change, condition) = update::add(&plan, &id, None).unwrap();
        format!("{} {}", change.text, condition.text)
    };
    let is_of_slices = |text: &str| {
        text.split([' ', '(', ','])
            .any(|path| path == "f" || path.starts_with("f."))
    };
    let without = written(&limits);
    assert!(!is_of_slices(&without), "{without}");
    let budget = json!({
        "limits": [{"what": "cost", "per": "month", "amount": 5}], "slots": ["aaaaaa"], "timezone": "UTC",
        "mode": "enforce", "version": 1
    });
    let budgets = Budgets {
        organisation: serde_json::from_value(budget).unwrap(),
        ..Budgets::default()
    };
    limits.above = Above::of(&budgets, None, "m");
    let below = written(&limits);
    assert!(is_of_slices(&below), "{below}");
}

#[test]
fn p40_a_thousand_requests_of_one_user_have_room_in_the_meter() {
    let meter = meter(&Limits::from(&policy()), &StoredFacts::fixture(), 120, 1000);
    let item = size(attributes(Table::Quota, &meter).unwrap());
    assert!(item <= ITEM, "{item} bytes");
}
