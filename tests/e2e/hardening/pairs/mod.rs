//! Every two routes that change the same kind of object, at the same moment: taken from the tables of routes, so that a
//! new route is tried with those that there are.
//!
//! `RACE_ROUNDS=50` tries each pair fifty times.

mod deeds;
mod invariants;
mod round;

use std::env;

use service::http::routes::Row;

use super::table::management;
use deeds::{Kind, kinds};
use round::World;

/// Rounds of each pair, unless the environment says otherwise.
const ROUNDS: usize = 1;

/// Rounds at one installation.
const AT_ONE: usize = 40;

#[expect(
    clippy::disallowed_methods,
    reason = "how long a test goes on is no configuration of the product"
)]
fn rounds() -> usize {
    env::var("RACE_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(ROUNDS)
}

/// The pairs of routes that change objects of this kind, each route with itself too.
fn pairs(kind: Kind) -> Vec<(Row, Row)> {
    let rows: Vec<Row> = management()
        .into_iter()
        .filter(|row| kinds(row).contains(&kind))
        .collect();
    let with_later = |(place, row): (usize, &Row)| {
        rows[place..]
            .iter()
            .map(|other| (row.clone(), other.clone()))
            .collect::<Vec<_>>()
    };
    rows.iter().enumerate().flat_map(with_later).collect()
}

async fn race(kind: Kind, least: usize) {
    let (mut world, mut played) = (World::start().await, 0);
    let pairs = pairs(kind);
    assert!(pairs.len() >= least, "{kind:?} has {} pairs only", pairs.len());
    for (number, (one, other)) in pairs.iter().enumerate() {
        for round in 0..rounds() {
            // Each round leaves a policy or two, of which an installation has a hundred.
            if played == AT_ONE {
                (world, played) = (World::start().await, 0);
            }
            played += 1;
            world.round(kind, [one, other], number * 1000 + round).await;
        }
    }
}

#[tokio::test]
async fn p79_changes_of_users_at_once_leave_accounts_whole() {
    race(Kind::User, 30).await;
}

#[tokio::test]
async fn p74_changes_of_keys_at_once_leave_no_key_without_its_owner_and_exact_counts() {
    race(Kind::Key, 20).await;
}

#[tokio::test]
async fn p74_changes_of_models_and_backends_at_once_leave_no_orphan_and_no_name_of_two() {
    race(Kind::Catalog, 20).await;
}

#[tokio::test]
async fn p47_changes_of_policies_and_their_users_at_once_leave_exact_counts() {
    race(Kind::Policy, 15).await;
}

#[tokio::test]
async fn p112_changes_of_budgets_at_once_are_each_of_one_version() {
    race(Kind::Budget, 10).await;
}

#[tokio::test]
async fn p55_changes_of_settings_at_once_are_each_of_one_version() {
    race(Kind::Settings, 1).await;
}

#[tokio::test]
async fn p55_changes_of_single_sign_on_at_once_are_each_of_one_version() {
    race(Kind::SingleSignOn, 2).await;
}
