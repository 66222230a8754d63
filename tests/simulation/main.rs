//! The code that must not be wrong by one, under a schedule that does its worst: the real
//! store and janitor over the embedded database, with a network that loses, doubles, delays and refuses, processes
//! that die between any two calls, and a time that jumps.
//!
//! A run follows from its seed. A seed that fails is printed; `SEED=<seed> cargo test --test simulation` runs it alone.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "a simulation that cannot go on fails"
)]

mod accounts;
mod check;
mod committed;
mod contents;
mod dice;
mod ledger;
mod network;
mod quota;
mod schedule;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use dynoxide::Database;
use local::embedded::EmbeddedClient;
use service::store::table::create_tables;
use tokio::task::LocalSet;

const PREFIX: &str = "simulated-";

/// Runs `scenario` with each seed below `seeds` (promise numbers are in the names of the tests that call this), on
/// all cores.
fn run_seeds<F: Future<Output = ()>>(seeds: u64, scenario: impl Fn(Database, u64) -> F + Sync) {
    #[expect(
        clippy::disallowed_methods,
        reason = "which seed to run again is told on the command line"
    )]
    let only: Option<u64> = std::env::var("SEED")
        .ok()
        .map(|seed| seed.parse().expect("SEED is a number"));
    let (next, end) = only.map_or((AtomicU64::new(0), seeds), |seed| (AtomicU64::new(seed), seed + 1));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|threads| {
        for _ in 0..cores {
            threads.spawn(|| {
                let database = database();
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        return;
                    }
                    let run = catch_unwind(AssertUnwindSafe(|| run_one(scenario(database.clone(), seed))));
                    assert!(
                        run.is_ok(),
                        "seed {seed} fails: SEED={seed} cargo test -p e2e --test simulation"
                    );
                }
            });
        }
    });
}

/// Runs one scenario on a time that goes on only when everybody waits for it.
fn run_one<T>(scenario: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, scenario)
}

/// An empty database with the tables of an installation.
fn database() -> Database {
    let database = Database::memory().unwrap();
    let client = service::aws::embedded_dynamodb(SharedHttpClient::new(EmbeddedClient::new(database.clone())));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(create_tables(&client, PREFIX)).unwrap();
    database
}
