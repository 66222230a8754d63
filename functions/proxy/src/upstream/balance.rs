//! Which backend is asked next (promises 52 and 53). Pure.

use std::cmp::Ordering;

use domain::models::catalog::Backend;

/// A backend that may be asked, as this process sees it at the moment.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    pub backend: &'a Backend,
    /// Requests of this process under way there.
    pub load: u32,
    /// Whether it is believed to answer. One that is not is the last resort.
    pub usable: bool,
}

/// The candidate to ask: a usable one rather than one that is out, one with a weight rather than one without, one of
/// `region` rather than another; of those the one with the fewest requests for its weight, and where several are
/// level, one by chance, in the shares of their weights.
///
/// `chance` gives a uniformly distributed number; it is asked only where there is a choice.
pub fn pick<'a>(
    candidates: &[Candidate<'a>],
    region: Option<&str>,
    chance: impl FnOnce() -> u64,
) -> Option<Candidate<'a>> {
    if let [only] = candidates {
        return Some(*only);
    }
    let rank = |candidate: &Candidate<'_>| {
        let is_near = region.is_some() && candidate.backend.region.as_deref() == region;
        (candidate.usable, candidate.backend.weight > 0, is_near)
    };
    let best = candidates
        .iter()
        .max_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| by_load(b, a)))?;
    let level: Vec<_> = candidates
        .iter()
        .filter(|other| rank(other) == rank(best) && by_load(other, best).is_eq())
        .collect();
    match level.as_slice() {
        [only] => Some(**only),
        several => by_weight(several, chance()),
    }
}

/// Whose requests under way are fewer, each measured by its weight.
fn by_load(a: &Candidate<'_>, b: &Candidate<'_>) -> Ordering {
    let scaled = |load: u32, other: &Candidate<'_>| u64::from(load) * u64::from(share(other));
    scaled(a.load, b).cmp(&scaled(b.load, a))
}

fn by_weight<'a>(candidates: &[&Candidate<'a>], chance: u64) -> Option<Candidate<'a>> {
    let total: u64 = candidates.iter().map(|candidate| u64::from(share(candidate))).sum();
    let mut place = chance.checked_rem(total)?;
    let found = candidates.iter().find(|candidate| {
        let weight = u64::from(share(candidate));
        let here = place < weight;
        place = place.saturating_sub(weight);
        here
    });
    found.map(|candidate| **candidate)
}

/// Those without a weight are among themselves, and equal.
fn share(candidate: &Candidate<'_>) -> u32 {
    candidate.backend.weight.max(1)
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, VecDeque};

    use serde_json::json;

    use super::*;

    fn backend(id: &str, weight: u32, region: Option<&str>) -> Backend {
        serde_json::from_value(json!({
            "id": id, "model_id": "m", "name": id, "base_url": "https://host", "model_name": "m", "weight": weight, "enabled": true,
            "protocol": "openai", "max_concurrency": 0, "region": region,
            "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "version": 1
        }))
        .unwrap()
    }

    fn idle(backend: &Backend) -> Candidate<'_> {
        Candidate {
            backend,
            load: 0,
            usable: true,
        }
    }

    fn out(backend: &Backend) -> Candidate<'_> {
        Candidate {
            usable: false,
            ..idle(backend)
        }
    }

    fn picked<'a>(candidates: &[Candidate<'a>], region: Option<&str>) -> &'a str {
        pick(candidates, region, || 0).unwrap().backend.id.as_str()
    }

    /// Numbers that look like chance and are the same in each run.
    fn dice() -> impl FnMut() -> u64 {
        let mut state = 1_u64;
        move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        }
    }

    #[test]
    fn ten_thousand_picks_one_after_the_other_follow_the_weights() {
        let (a, b, spare, sick) = (
            backend("a", 1, None),
            backend("b", 3, None),
            backend("spare", 0, None),
            backend("sick", 9, None),
        );
        let candidates = [idle(&a), idle(&b), idle(&spare), out(&sick)];
        let mut picks: HashMap<&str, u32> = HashMap::new();
        for chance in 0..10_000 {
            *picks
                .entry(pick(&candidates, None, || chance).unwrap().backend.id.as_str())
                .or_default() += 1;
        }
        assert_eq!(picks, HashMap::from([("a", 2500), ("b", 7500)]));
    }

    #[test]
    fn ten_thousand_picks_under_load_follow_the_weights() {
        let backends = [backend("a", 1, None), backend("b", 3, None), backend("c", 6, None)];
        let (mut loads, mut picks, mut dice) = ([0_u32; 3], [0_u32; 3], dice());
        let mut under_way = VecDeque::new();
        for _ in 0..10_000 {
            if under_way.len() == 50 {
                // Any of them ends next: requests take as long as they take.
                let ended = usize::try_from(dice()).unwrap() % under_way.len();
                loads[under_way.remove(ended).unwrap()] -= 1_u32;
            }
            let candidates: Vec<_> = backends
                .iter()
                .zip(loads)
                .map(|(backend, load)| Candidate { load, ..idle(backend) })
                .collect();
            let chosen = pick(&candidates, None, &mut dice).unwrap().backend;
            let place = backends.iter().position(|backend| backend.id == chosen.id).unwrap();
            (loads[place], picks[place]) = (loads[place] + 1, picks[place] + 1);
            under_way.push_back(place);
        }
        for (picks, share) in picks.iter().zip([1000, 3000, 6000]) {
            assert!(picks.abs_diff(share) < 150, "{picks} picks where {share} are due");
        }
    }

    #[test]
    fn one_that_is_slow_gets_less() {
        let (slow, quick) = (backend("slow", 2, None), backend("quick", 2, None));
        assert_eq!(
            picked(
                &[
                    Candidate { load: 3, ..idle(&slow) },
                    Candidate {
                        load: 2,
                        ..idle(&quick)
                    }
                ],
                None
            ),
            "quick"
        );
        let heavy = backend("heavy", 4, None);
        assert_eq!(
            picked(
                &[
                    Candidate {
                        load: 3,
                        ..idle(&heavy)
                    },
                    Candidate {
                        load: 2,
                        ..idle(&quick)
                    }
                ],
                None
            ),
            "heavy"
        );
    }

    #[test]
    fn the_own_region_comes_first_while_it_has_somebody_with_a_weight() {
        let (here, there, spare) = (
            backend("here", 1, Some("eu")),
            backend("there", 9, Some("us")),
            backend("spare", 0, Some("eu")),
        );
        assert_eq!(
            picked(&[idle(&there), Candidate { load: 7, ..idle(&here) }], Some("eu")),
            "here"
        );
        assert_eq!(picked(&[idle(&there), out(&here), idle(&spare)], Some("eu")), "there");
        assert_eq!(picked(&[out(&there), idle(&spare)], Some("us")), "spare");
        assert_eq!(picked(&[idle(&there), idle(&here)], None), "there");
    }

    #[test]
    fn p53_one_that_is_out_is_asked_rather_than_none() {
        let (a, b) = (backend("a", 1, None), backend("spare", 0, None));
        assert_eq!(picked(&[out(&a), idle(&b)], None), "spare");
        assert_eq!(picked(&[out(&a), out(&b)], None), "a");
        assert!(pick(&[], None, || 0).is_none());
    }
}
