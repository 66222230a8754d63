//! Load balancing: which backend is called next (promises 52 and 53).

use std::sync::Arc;

use domain::clock::Clock;
use domain::models::BackendId;
use domain::models::affinity::Affinity;
use domain::models::catalog::Backend;
use domain::random;

use super::affinity;
use super::candidate::Candidate;
use super::pool::Pool;
use crate::grant::Grant;
use crate::request::ConversationKey;

/// Chooses among the backends of a model.
#[derive(Clone, Debug)]
pub(crate) struct Balancer {
    pub(crate) pool: Pool,
    pub(crate) clock: Clock,
    /// The region of this process, whose backends come first; a policy's own region precedes it.
    pub(crate) region: Option<Arc<str>>,
}

impl Balancer {
    /// The backend to call, of those not `tried` yet. The `conversation` is looked at only if there is a choice.
    pub(super) fn choose<'a>(
        &self,
        grant: &'a Grant,
        tried: &[&BackendId],
        conversation: impl FnOnce() -> Option<ConversationKey>,
    ) -> Option<Candidate<'a>> {
        let left = grant.backends().filter(|backend| !tried.contains(&&backend.id));
        let region = grant.policy.region.as_deref().or(self.region.as_deref());
        let has_affinity = grant.entry.model.affinity == Affinity::Auto;
        let conversation = || has_affinity.then(conversation).flatten();
        pick(&self.candidates(left), region, conversation, || {
            u64::from_le_bytes(random::bytes())
        })
    }

    /// `backends` as this process sees them now.
    pub(super) fn candidates<'a>(&self, backends: impl Iterator<Item = &'a Backend>) -> Vec<Candidate<'a>> {
        let now = self.clock.now();
        backends.map(|backend| self.pool.state(backend, now)).collect()
    }
}

/// The candidate to call: a usable one before an ejected one, one with a weight before one without, one of `region`
/// before another; of those the one that the `conversation` keeps to; without one, the one with the least load for its
/// weight, of equals one at random, in proportion to their weights. Pure.
///
/// `conversation` is called only if there is a choice, and so is `chance`, which gives a uniformly distributed number.
pub fn pick<'a>(
    candidates: &[Candidate<'a>],
    region: Option<&str>,
    conversation: impl FnOnce() -> Option<ConversationKey>,
    chance: impl FnOnce() -> u64,
) -> Option<Candidate<'a>> {
    if let [only] = candidates {
        return Some(*only);
    }
    let rank = |candidate: &Candidate<'_>| {
        let is_near = region.is_some() && candidate.backend.region.as_deref() == region;
        (candidate.usable, candidate.backend.weight > 0, is_near)
    };
    let best = candidates.iter().map(rank).max()?;
    let equals: Vec<_> = candidates.iter().filter(|each| rank(each) == best).copied().collect();
    if let [only] = equals.as_slice() {
        return Some(*only);
    }
    match conversation() {
        Some(conversation) => affinity::pick(&equals, conversation),
        None => least_loaded(equals, chance),
    }
}

fn least_loaded(mut candidates: Vec<Candidate<'_>>, chance: impl FnOnce() -> u64) -> Option<Candidate<'_>> {
    let least = candidates.iter().min_by(|a, b| a.by_load(b)).copied()?;
    candidates.retain(|each| each.by_load(&least).is_eq());
    match candidates.as_slice() {
        [only] => Some(*only),
        several => by_weight(several, chance()),
    }
}

fn by_weight<'a>(candidates: &[Candidate<'a>], chance: u64) -> Option<Candidate<'a>> {
    let total: u64 = candidates.iter().map(|candidate| u64::from(candidate.weight())).sum();
    let mut point = chance.checked_rem(total)?;
    let found = candidates.iter().find(|candidate| {
        let weight = u64::from(candidate.weight());
        let is_here = point < weight;
        point = point.saturating_sub(weight);
        is_here
    });
    found.copied()
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
            recent: 0.0,
            usable: true,
        }
    }

    fn ejected(backend: &Backend) -> Candidate<'_> {
        Candidate {
            usable: false,
            ..idle(backend)
        }
    }

    fn picked<'a>(candidates: &[Candidate<'a>], region: Option<&str>) -> &'a str {
        pick(candidates, region, || None, || 0).unwrap().backend.id.as_str()
    }

    /// Pseudo-random numbers that are the same in each run.
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
    fn ten_thousand_picks_without_load_follow_the_weights() {
        let (a, b, spare, sick) = (
            backend("a", 1, None),
            backend("b", 3, None),
            backend("spare", 0, None),
            backend("sick", 9, None),
        );
        let candidates = [idle(&a), idle(&b), idle(&spare), ejected(&sick)];
        let mut picks: HashMap<&str, u32> = HashMap::new();
        for chance in 0..10_000 {
            *picks
                .entry(pick(&candidates, None, || None, || chance).unwrap().backend.id.as_str())
                .or_default() += 1;
        }
        assert_eq!(picks, HashMap::from([("a", 2500), ("b", 7500)]));
    }

    #[test]
    fn ten_thousand_picks_under_load_follow_the_weights() {
        let backends = [backend("a", 1, None), backend("b", 3, None), backend("c", 6, None)];
        let (mut loads, mut picks, mut dice) = ([0_u32; 3], [0_u32; 3], dice());
        let mut in_flight = VecDeque::new();
        for _ in 0..10_000 {
            if in_flight.len() == 50 {
                // Any of them may end next.
                let ended = usize::try_from(dice()).unwrap() % in_flight.len();
                loads[in_flight.remove(ended).unwrap()] -= 1_u32;
            }
            let candidates: Vec<_> = backends
                .iter()
                .zip(loads)
                .map(|(backend, load)| Candidate { load, ..idle(backend) })
                .collect();
            let chosen = pick(&candidates, None, || None, &mut dice).unwrap().backend;
            let place = backends.iter().position(|backend| backend.id == chosen.id).unwrap();
            (loads[place], picks[place]) = (loads[place] + 1, picks[place] + 1);
            in_flight.push_back(place);
        }
        for (picks, share) in picks.iter().zip([1000, 3000, 6000]) {
            assert!(picks.abs_diff(share) < 150, "{picks} picks, expected {share}");
        }
    }

    #[test]
    fn a_slow_backend_gets_less() {
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
    fn the_own_region_comes_first_while_it_has_a_backend_with_a_weight() {
        let (here, there, spare) = (
            backend("here", 1, Some("eu")),
            backend("there", 9, Some("us")),
            backend("spare", 0, Some("eu")),
        );
        assert_eq!(
            picked(&[idle(&there), Candidate { load: 7, ..idle(&here) }], Some("eu")),
            "here"
        );
        assert_eq!(
            picked(&[idle(&there), ejected(&here), idle(&spare)], Some("eu")),
            "there"
        );
        assert_eq!(picked(&[ejected(&there), idle(&spare)], Some("us")), "spare");
        assert_eq!(picked(&[idle(&there), idle(&here)], None), "there");
    }

    #[test]
    fn p53_an_ejected_backend_is_called_rather_than_none() {
        let (a, b) = (backend("a", 1, None), backend("spare", 0, None));
        assert_eq!(picked(&[ejected(&a), idle(&b)], None), "spare");
        assert_eq!(picked(&[ejected(&a), ejected(&b)], None), "a");
        assert!(pick(&[], None, || None, || 0).is_none());
    }
}
