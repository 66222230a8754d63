//! Places for what was fetched, by what it was made of: one exchange serves all backends of one identity (promise 94).

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use super::slot::Slot;

/// Identities of which something is kept. Entries that are changed leave theirs behind.
const MAX_KEPT: usize = 1000;

/// The places of all identities. Clones share them.
#[derive(Debug)]
pub(super) struct Slots<Source, Value> {
    slots: Arc<Mutex<HashMap<Source, Arc<Slot<Value>>>>>,
}

impl<Source, Value> Clone for Slots<Source, Value> {
    fn clone(&self) -> Self {
        Self {
            slots: Arc::clone(&self.slots),
        }
    }
}

impl<Source, Value> Default for Slots<Source, Value> {
    fn default() -> Self {
        Self { slots: Arc::default() }
    }
}

impl<Source: Clone + Eq + Hash, Value> Slots<Source, Value> {
    /// The place of what is made of `source`.
    pub(super) fn of(&self, source: &Source) -> Arc<Slot<Value>> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= MAX_KEPT && !slots.contains_key(source) {
            slots.clear();
        }
        if let Some(slot) = slots.get(source) {
            return Arc::clone(slot);
        }
        Arc::clone(slots.entry(source.clone()).or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use domain::clock::Clock;
    use domain::secret::Secret;
    use futures_util::future::join_all;

    use super::super::slot::{Fetched, Kept};
    use super::*;

    struct Bench {
        clock: Clock,
        tokens: Slots<&'static str, Secret>,
        minted: AtomicU32,
    }

    impl Bench {
        fn new() -> Self {
            Self {
                clock: Clock::fixed("2026-01-01T00:00:00Z".parse().unwrap()),
                tokens: Slots::default(),
                minted: AtomicU32::new(0),
            }
        }

        /// The token of `source`, numbered in the order in which tokens were minted; they live for `seconds`, or
        /// cannot be had.
        async fn get(&self, source: &'static str, seconds: Option<u64>) -> Option<String> {
            let token = self.kept(source, seconds).await?;
            Some(token.value.expose().to_owned())
        }

        async fn kept(&self, source: &'static str, seconds: Option<u64>) -> Option<Kept<Secret>> {
            let mint = async {
                tokio::task::yield_now().await;
                let number = self.minted.fetch_add(1, Ordering::Relaxed) + 1;
                let life = Duration::from_secs(seconds.ok_or(())?);
                Ok::<_, ()>(Fetched {
                    value: Secret::from(number.to_string()),
                    end: self.clock.now() + life,
                })
            };
            self.tokens.of(&source).get(&self.clock, mint).await.ok()
        }
    }

    #[tokio::test]
    async fn p94_one_exchange_serves_all_who_ask_at_once() {
        let bench = Bench::new();
        let all = join_all((0..10).map(|_| bench.get("a", Some(3600)))).await;
        assert!(all.iter().all(|token| token.as_deref() == Some("1")), "{all:?}");
        assert_eq!(bench.get("b", Some(3600)).await.as_deref(), Some("2"));
    }

    #[tokio::test]
    async fn p94_a_token_is_renewed_before_its_end() {
        for (life, fresh, old) in [(3600, 3299, 3301), (60, 29, 31)] {
            let bench = Bench::new();
            assert_eq!(bench.get("a", Some(life)).await.as_deref(), Some("1"));
            bench.clock.advance(Duration::from_secs(fresh));
            assert_eq!(bench.get("a", Some(life)).await.as_deref(), Some("1"));
            bench.clock.advance(Duration::from_secs(old - fresh));
            assert_eq!(bench.get("a", Some(life)).await.as_deref(), Some("2"), "{life}");
        }
    }

    #[tokio::test]
    async fn p94_a_token_that_cannot_be_renewed_serves_until_its_end() {
        let bench = Bench::new();
        bench.get("a", Some(600)).await;
        bench.clock.advance(Duration::from_secs(400));
        assert_eq!(bench.get("a", None).await.as_deref(), Some("1"));
        assert_eq!(bench.get("a", None).await.as_deref(), Some("1"));
        assert_eq!(bench.minted.load(Ordering::Relaxed), 2, "not tried again at once");
        bench.clock.advance(Duration::from_secs(200));
        assert_eq!(bench.get("a", None).await, None);
    }

    #[tokio::test]
    async fn a_token_that_was_refused_is_forgotten_and_a_newer_one_is_not() {
        let bench = Bench::new();
        let first = bench.kept("a", Some(3600)).await.unwrap();
        let slot = bench.tokens.of(&"a");
        slot.forget(first.since).await;
        assert_eq!(bench.get("a", Some(3600)).await.as_deref(), Some("2"));
        slot.forget(first.since).await;
        assert_eq!(bench.get("a", Some(3600)).await.as_deref(), Some("2"));
    }
}
