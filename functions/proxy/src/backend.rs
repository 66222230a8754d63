//! Which backend is asked next (promises 52 and 53). Pure.

use shared::models::BackendId;
use shared::models::catalog::Backend;

/// The backend to try, of those not `tried` yet: by chance, in the shares of the weights, among the enabled and
/// healthy ones; else one without weight; else, since all are out, a sick one rather than none.
///
/// `chance` is a uniformly distributed number.
pub(crate) fn pick<'a>(backends: &'a [Backend], tried: &[&BackendId], chance: u64) -> Option<&'a Backend> {
    let left = || backends.iter().filter(|backend| backend.enabled && !tried.contains(&&backend.id));
    let healthy = || left().filter(|backend| backend.health.healthy);
    by_weight(healthy(), chance)
        .or_else(|| by_chance(healthy(), chance))
        .or_else(|| tried.is_empty().then(|| by_chance(left(), chance)).flatten())
}

fn by_weight<'a>(backends: impl Iterator<Item = &'a Backend> + Clone, chance: u64) -> Option<&'a Backend> {
    let total: u64 = backends.clone().map(|backend| u64::from(backend.weight)).sum();
    let mut place = chance.checked_rem(total)?;
    backends.into_iter().find(|backend| {
        let weight = u64::from(backend.weight);
        let here = place < weight;
        place = place.saturating_sub(weight);
        here
    })
}

fn by_chance<'a>(backends: impl Iterator<Item = &'a Backend> + Clone, chance: u64) -> Option<&'a Backend> {
    let count = backends.clone().count() as u64;
    let place = usize::try_from(chance.checked_rem(count)?).ok()?;
    backends.into_iter().nth(place)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::json;

    use super::*;

    fn backend(id: &str, weight: u32, healthy: bool) -> Backend {
        let mut backend: Backend = serde_json::from_value(json!({
            "id": id, "model_id": "m", "name": id, "base_url": "https://host", "model_name": "m", "weight": weight, "enabled": true,
            "protocol": "openai", "max_concurrency": 0,
            "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "version": 1
        }))
        .unwrap();
        backend.health.healthy = healthy;
        backend
    }

    fn picks(backends: &[Backend]) -> HashMap<&str, u32> {
        let mut picks = HashMap::new();
        for chance in 0..10_000 {
            *picks.entry(pick(backends, &[], chance).unwrap().id.as_str()).or_default() += 1;
        }
        picks
    }

    #[test]
    fn ten_thousand_picks_follow_the_weights() {
        let backends = [backend("a", 1, true), backend("b", 3, true), backend("spare", 0, true), backend("sick", 9, false)];
        assert_eq!(picks(&backends), HashMap::from([("a", 2500), ("b", 7500)]));
    }

    #[test]
    fn one_without_weight_is_asked_when_nothing_else_is_left() {
        let backends = [backend("a", 1, true), backend("spare", 0, true)];
        assert_eq!(pick(&backends, &[&backends[0].id], 7).unwrap().id.as_str(), "spare");
        assert!(pick(&backends, &[&backends[0].id, &backends[1].id], 7).is_none());
    }

    #[test]
    fn p53_one_sick_backend_is_tried_rather_than_none() {
        let backends = [backend("a", 1, false), backend("b", 1, false)];
        assert_eq!(pick(&backends, &[], 1).unwrap().id.as_str(), "b");
        assert!(pick(&backends, &[&backends[1].id], 1).is_none());
    }
}
