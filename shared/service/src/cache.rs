//! A per-process cache of what the store said, with an age limit and one load at a time for each key.

use std::hash::Hash;
use std::time::Duration;

use jiff::Timestamp;

use domain::clock::Clock;

/// What exists is believed for this long (promise 20).
pub const POSITIVE: Duration = Duration::from_secs(30);
/// What does not exist is believed for this long (promise 20).
pub const NEGATIVE: Duration = Duration::from_secs(5);

/// Values by key, each believed until its time is up.
///
/// A hit takes no await and no exclusive lock. Callers that miss the same key at once share one load. A load that
/// was under way when its key was [forgotten](Cache::forget) is given to its callers but not kept, so that a
/// process never remembers what it has itself overwritten.
#[derive(Debug)]
pub struct Cache<K, V> {
    entries: quick_cache::sync::Cache<K, Entry<V>>,
    positive: Duration,
    clock: Clock,
}

#[derive(Clone, Debug)]
struct Entry<V> {
    value: Option<V>,
    fresh_until: Timestamp,
}

impl<K: Clone + Eq + Hash, V: Clone> Cache<K, V> {
    /// A cache of at most `capacity` entries; the least used go first.
    pub fn new(capacity: usize, clock: Clock) -> Self {
        Self::lasting(POSITIVE, capacity, clock)
    }

    /// The same for values that are believed for another time.
    pub fn lasting(positive: Duration, capacity: usize, clock: Clock) -> Self {
        Self {
            entries: quick_cache::sync::Cache::new(capacity),
            positive,
            clock,
        }
    }

    /// The value of `key`, from the cache, or from `load` (which says `None` for what does not exist).
    ///
    /// # Errors
    /// Those of `load`, which are not remembered.
    pub async fn get<E, F>(&self, key: &K, load: impl FnOnce() -> F) -> Result<Option<V>, E>
    where
        F: Future<Output = Result<Option<V>, E>>,
    {
        let now = self.clock.now();
        if let Some(entry) = self.entries.get(key) {
            if now < entry.fresh_until {
                return Ok(entry.value);
            }
            self.entries.remove_if(key, |entry| entry.fresh_until <= now);
        }
        match self.entries.get_value_or_guard_async(key).await {
            Ok(entry) => Ok(entry.value),
            Err(place) => {
                // Boxed, since loading is rare and its future is large.
                let value = Box::pin(load()).await?;
                let trust = if value.is_some() { self.positive } else { NEGATIVE };
                let fresh_until = self.clock.now().checked_add(trust).unwrap_or(Timestamp::MAX);
                // Fails when the key was forgotten meanwhile: then this value may be the old one.
                let _ = place.insert(Entry {
                    value: value.clone(),
                    fresh_until,
                });
                Ok(value)
            }
        }
    }

    /// Makes the next [`Cache::get`] of `key` load it anew.
    pub fn forget(&self, key: &K) {
        self.entries.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    async fn loaded(loads: &AtomicU32, value: Option<u32>) -> Result<Option<u32>, Infallible> {
        loads.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await;
        Ok(value)
    }

    #[tokio::test]
    async fn p20_what_exists_is_believed_for_30_seconds_and_what_does_not_for_5() {
        let clock = Clock::fixed(Timestamp::UNIX_EPOCH);
        let cache = Cache::new(10, clock.clone());
        let loads = AtomicU32::new(0);
        for (step, expected) in [(0, 1), (29, 1), (1, 2)] {
            clock.advance(Duration::from_secs(step));
            assert_eq!(cache.get(&"there", || loaded(&loads, Some(7))).await, Ok(Some(7)));
            assert_eq!(loads.load(Ordering::Relaxed), expected);
        }
        loads.store(0, Ordering::Relaxed);
        for (step, expected) in [(0, 1), (4, 1), (1, 2)] {
            clock.advance(Duration::from_secs(step));
            assert_eq!(cache.get(&"absent", || loaded(&loads, None)).await, Ok(None));
            assert_eq!(loads.load(Ordering::Relaxed), expected);
        }
    }

    #[tokio::test]
    async fn callers_that_miss_together_share_one_load() {
        let cache = Cache::new(10, Clock::system());
        let loads = AtomicU32::new(0);
        let calls = (0..50).map(|_| cache.get(&1, || loaded(&loads, Some(1))));
        futures_util::future::join_all(calls).await;
        assert_eq!(loads.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn a_load_overtaken_by_forget_is_not_remembered() {
        let cache = Cache::new(10, Clock::system());
        let overtaken = || async {
            cache.forget(&1);
            Ok::<_, Infallible>(Some("old"))
        };
        assert_eq!(cache.get(&1, overtaken).await, Ok(Some("old")));
        assert_eq!(
            cache.get(&1, || async { Ok::<_, Infallible>(Some("new")) }).await,
            Ok(Some("new"))
        );
    }
}
