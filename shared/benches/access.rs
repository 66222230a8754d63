//! What stands between a request and its backend: who calls, and what was asked for.
//!
//! `cargo bench -p shared --bench access`: each line has its time and the allocations of one run.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up must stop")]

use std::convert::Infallible;
use std::hint::black_box;
use std::sync::Arc;

use divan::{AllocProfiler, Bencher};
use futures_util::FutureExt as _;
use jiff::Timestamp;
use serde_json::json;
use shared::access::api_key::{KeyDigest, MintedKey};
use shared::cache::Cache;
use shared::clock::Clock;
use shared::models::api_key::ApiKey;
use shared::models::catalog::{Catalog, Model};

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
        cache.get(&digest, || async { Ok::<_, Infallible>(Some(Arc::clone(&item))) }).now_or_never()
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
