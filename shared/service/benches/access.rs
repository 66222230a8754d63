//! What stands between a request and its backend: who calls, what was asked for, and whether it is admitted.
//!
//! `cargo bench -p service --bench access`: each line has its time and the allocations of one run.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up must stop")]

use std::convert::Infallible;
use std::hint::black_box;
use std::sync::Arc;

use divan::{AllocProfiler, Bencher};
use domain::access::api_key::{KeyDigest, MintedKey};
use domain::access::quota::{
    AdmissionRequest, Demand, Limits, Meter, PeriodStep, StoredFacts, WindowStep, judge, plan,
};
use domain::clock::Clock;
use domain::models::api_key::ApiKey;
use domain::models::catalog::{Catalog, Model};
use domain::models::policy::Policy;
use domain::models::{RequestId, UsageId};
use futures_util::FutureExt as _;
use jiff::Timestamp;
use serde_json::json;
use service::cache::Cache;

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// The form and the checksum of a key, and the digest under which it is looked up.
#[divan::bench]
fn digest_of_a_key(bencher: Bencher<'_, '_>) {
    let key = MintedKey::generate().secret;
    bencher.bench(|| KeyDigest::of(black_box(&key)));
}

/// The same, and the look-up in the process's memory.
#[divan::bench]
fn known_key(bencher: Bencher<'_, '_>) {
    let key = MintedKey::generate();
    let item: ApiKey = serde_json::from_value(json!({
        "id": "key-1", "owner": "user-1", "name": "a program", "key_prefix": key.shown, "enabled": true,
        "created_at": "2026-01-01T00:00:00Z", "version": 1
    }))
    .unwrap();
    let item = Arc::new(item);
    let cache = Cache::new(1000, Clock::fixed(Timestamp::UNIX_EPOCH));
    let look_up = || {
        let digest = KeyDigest::of(black_box(&key.secret)).unwrap();
        cache
            .get(&digest, || async { Ok::<_, Infallible>(Some(Arc::clone(&item))) })
            .now_or_never()
    };
    assert!(look_up().is_some());
    bencher.bench(look_up);
}

/// The model of a name, among a hundred.
#[divan::bench]
fn model_by_name(bencher: Bencher<'_, '_>) {
    let model = |number: u32| -> Model {
        serde_json::from_value(json!({
            "id": format!("model-{number}"), "name": format!("Model {number}"), "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z", "version": 1, "enabled": true
        }))
        .unwrap()
    };
    let catalog = Catalog::new((0..100).map(model).collect(), Vec::new());
    bencher.bench(|| catalog.resolve(black_box("model-70")).is_some());
}

/// One more request as a change of its user's meter, under every limit that there is, with so many requests under way.
#[divan::bench(args = [1, 100])]
fn admission(bencher: Bencher<'_, '_>, under_way: usize) {
    let (limits, facts) = (Limits::from(&policy()), facts());
    let request = request(&limits, &facts);
    let meter = meter(&request, under_way);
    bencher.bench(|| plan(black_box(Some(&meter)), &request));
}

/// True if a limit is in its way.
#[divan::bench(args = [1, 100])]
fn judgement(bencher: Bencher<'_, '_>, under_way: usize) {
    let (limits, facts) = (Limits::from(&policy()), facts());
    let request = request(&limits, &facts);
    let meter = meter(&request, under_way);
    bencher.bench(|| judge(black_box(&meter), &limits, request.demand, request.now));
}

fn policy() -> Policy {
    const FAR: u64 = 1_000_000_000_000;
    serde_json::from_value(json!({
        "name": "governed", "rate_limit": FAR, "rate_limit_window": 60, "request_quota_daily": FAR, "token_rate_limit": FAR,
        "token_quota_daily": FAR, "token_quota_monthly": FAR, "cost_quota_monthly": 1_000_000, "max_concurrency": 1000,
        "timezone": "Europe/Berlin", "version": 1
    }))
    .unwrap()
}

fn facts() -> StoredFacts {
    StoredFacts {
        request_id: RequestId::generate(),
        kept_days: Some(30),
        ..StoredFacts::fixture()
    }
}

fn request<'a>(limits: &'a Limits, facts: &'a StoredFacts) -> AdmissionRequest<'a> {
    let now = Timestamp::from_second(1_796_000_000).unwrap();
    AdmissionRequest {
        limits,
        demand: Demand {
            input_tokens: 100,
            output_tokens: 1000,
            cost: 1,
        },
        facts,
        now,
        expires_at: now.as_second() + 900,
    }
}

/// A meter that counts already, with so many requests under way.
fn meter(request: &AdmissionRequest<'_>, under_way: usize) -> Meter {
    let first = plan(Some(&Meter::default()), request);
    let (WindowStep::Begin { window, .. }, PeriodStep::Begin(day), PeriodStep::Begin(month)) =
        (first.window, first.day, first.month)
    else {
        unreachable!("an empty meter begins everything");
    };
    let reservations = (0..under_way)
        .map(|_| (UsageId::generate(request.now), first.reservation.clone()))
        .collect();
    Meter {
        window: Some(window),
        day,
        month,
        reservations,
        ..Meter::default()
    }
}
