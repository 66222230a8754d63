//! The rules of the order, and the proof of what it keeps in caches and how evenly it spreads requests (promise 92).

mod fleet;
mod prefix_cache;

use domain::models::catalog::Backend;
use serde_json::json;

use self::fleet::{Experiment, Routing};
use super::*;

fn backend(id: &str, weight: u32) -> Backend {
    serde_json::from_value(json!({
        "id": id, "model_id": "m", "name": id, "base_url": "https://host", "model_name": "m", "weight": weight,
        "enabled": true, "protocol": "openai", "max_concurrency": 0,
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "version": 1
    }))
    .unwrap()
}

fn idle(backends: &[Backend]) -> Vec<Candidate<'_>> {
    let idle = |backend| Candidate {
        backend,
        load: 0,
        recent: 0.0,
        usable: true,
    };
    backends.iter().map(idle).collect()
}

fn conversation(number: u32) -> ConversationKey {
    ConversationKey::named(format!("conversation {number}").as_bytes())
}

fn picked(candidates: &[Candidate<'_>], number: u32) -> String {
    pick(candidates, conversation(number)).unwrap().backend.id.to_string()
}

#[test]
fn p92_conversations_spread_by_weight() {
    let backends = [("a", 1), ("b", 3), ("c", 6)].map(|(id, weight)| backend(id, weight));
    let candidates = idle(&backends);
    for (id, share) in [("a", 1000_i32), ("b", 3000), ("c", 6000)] {
        let count = (0..10_000).filter(|number| picked(&candidates, *number) == id).count();
        let count = i32::try_from(count).unwrap();
        assert!((count - share).abs() < 200, "{id}: {count}");
    }
}

#[test]
fn p92_the_order_is_that_of_every_process_and_version() {
    let backends = ["a", "b", "c", "d"].map(|id| backend(id, 1));
    let mut candidates = idle(&backends);
    let before: String = (0..16).map(|number| picked(&candidates, number)).collect();
    candidates.reverse();
    let reversed: String = (0..16).map(|number| picked(&candidates, number)).collect();
    assert_eq!(reversed, before, "whatever order they are listed in");
    assert_eq!(before, ORDER_OF_RELEASES);
}

/// A change of it moves all conversations once, while processes of two versions disagree.
const ORDER_OF_RELEASES: &str = "ddbcacdaaddddbdb";

#[test]
fn p92_a_backend_that_leaves_moves_its_own_conversations_alone() {
    let backends = ["a", "b", "c", "d"].map(|id| backend(id, 1));
    let all = idle(&backends);
    for number in 0..1000 {
        let (before, after) = (picked(&all, number), picked(&all[1..], number));
        assert!(before == after || before == "a", "{number}: {before} to {after}");
    }
}

/// The two backends that a conversation would be served by, the second while the first is out.
fn first_two(candidates: &[Candidate<'_>], number: u32) -> [usize; 2] {
    let place = |id: &str| {
        candidates
            .iter()
            .position(|each| each.backend.id.as_str() == id)
            .unwrap()
    };
    let first = place(&picked(candidates, number));
    let mut others = candidates.to_vec();
    others.remove(first);
    [first, place(&picked(&others, number))]
}

#[test]
fn p92_a_conversation_leaves_an_overloaded_backend_for_the_next_and_comes_back() {
    let backends = ["a", "b", "c", "d"].map(|id| backend(id, 1));
    let even = idle(&backends).into_iter().map(|each| Candidate {
        load: 8,
        recent: 100.0,
        ..each
    });
    let even: Vec<_> = even.collect();
    for number in 0..100 {
        let [first, second] = first_two(&even, number);
        let with = |load, recent| {
            let mut candidates = even.clone();
            (candidates[first].load, candidates[first].recent) = (load, recent);
            candidates
        };
        let of = |place: usize| backends[place].id.to_string();
        assert_eq!(picked(&with(10, 500.0), number), of(first), "within its bound");
        assert_eq!(picked(&with(14, 200.0), number), of(second), "too many, now and lately");
        assert_eq!(picked(&with(0, 500.0), number), of(first), "too many, but not now");
        assert_eq!(picked(&with(100, 100.0), number), of(second), "a peak");
        assert_eq!(picked(&with(8, 100.0), number), of(first), "back");
    }
    let stays = (0..100).filter(|number| {
        let [first, _] = first_two(&even, *number);
        let mut candidates = even.clone();
        candidates[first].load = 16;
        picked(&candidates, *number) == backends[first].id.as_str()
    });
    let stays = stays.count();
    assert!(
        (50..90).contains(&stays),
        "a small peak moves the impatient: {stays} stay"
    );
}

#[test]
fn p92_requests_at_once_of_few_conversations_stay() {
    let backends = ["a", "b"].map(|id| backend(id, 1));
    let candidates = idle(&backends);
    for number in 0..100 {
        let [first, _] = first_two(&candidates, number);
        let mut after_one = candidates.clone();
        (after_one[first].load, after_one[first].recent) = (0, 30.0);
        assert_eq!(
            picked(&after_one, number),
            backends[first].id.as_str(),
            "turn after turn"
        );
    }
}

#[test]
fn p92_a_full_backend_is_left_for_the_next() {
    let mut backends = ["a", "b", "c"].map(|id| backend(id, 1));
    for backend in &mut backends {
        backend.max_concurrency = 2;
    }
    let candidates = idle(&backends);
    for number in 0..100 {
        let [first, second] = first_two(&candidates, number);
        let mut full = candidates.clone();
        full[first].load = 2;
        assert_eq!(picked(&full, number), backends[second].id.as_str());
        for each in &mut full {
            each.load = 2;
        }
        assert_eq!(picked(&full, number), backends[first].id.as_str(), "all are full");
    }
}

/// 200 conversations of 30 turns over three processes.
const EIGHT: Experiment = Experiment {
    seed: 1,
    backends: 8,
    at_once: 64,
    routing: Routing::Affinity,
    fails: false,
};

#[test]
fn p92_eight_backends_cache_what_one_would_and_share_the_load() {
    let one = Experiment { backends: 1, ..EIGHT }.run();
    let mut figures = vec![("one backend", one)];
    for (seed, at_once) in [(1, 64), (2, 200), (3, 24)] {
        let whole = Experiment { seed, at_once, ..EIGHT };
        let failing = Experiment { fails: true, ..whole };
        let [whole, failing] = [whole, failing].map(Experiment::run);
        figures.extend([("all serve", whole), ("one fails", failing)]);
        assert!(one.cached - whole.cached < 0.02, "{figures:#?}");
        assert!(one.cached - failing.cached < 0.05, "{figures:#?}");
        assert!(whole.heaviest < 1.35 && failing.heaviest < 1.35, "{figures:#?}");
    }
    let routing = Routing::LeastLoaded;
    let without = Experiment { routing, ..EIGHT }.run();
    assert!(one.cached - without.cached > 0.3, "{figures:#?}, without: {without:?}");
}
