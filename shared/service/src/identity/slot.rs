//! A place for what is fetched and ends: it is kept until shortly before its end, and one fetch serves all who ask
//! meanwhile (promise 94).

use std::time::Duration;

use domain::clock::Clock;
use jiff::Timestamp;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// Left of a long life when a value is renewed; of a short one it is half.
const MARGIN: Duration = Duration::from_mins(5);
/// The time for which a value that could not be renewed is not tried again.
const PAUSE: Duration = Duration::from_secs(30);

/// A value that was fetched, and the time at which it is no good any more.
pub(super) struct Fetched<V> {
    pub(super) value: V,
    pub(super) end: Timestamp,
}

/// A value that may be shown.
#[derive(Clone, Debug)]
pub(super) struct Kept<V> {
    pub(super) value: V,
    /// The moment at which it was fetched.
    pub(super) since: Instant,
    renew_at: Timestamp,
    pub(super) end: Timestamp,
}

impl<V> Kept<V> {
    fn new(Fetched { value, end }: Fetched<V>, now: Timestamp) -> Self {
        let life = end.duration_since(now).unsigned_abs();
        Self {
            value,
            since: Instant::now(),
            renew_at: end.checked_sub(MARGIN.min(life / 2)).unwrap_or(now),
            end,
        }
    }
}

/// A place for one value.
#[derive(Debug)]
pub(super) struct Slot<V>(Mutex<Option<Kept<V>>>);

impl<V> Default for Slot<V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<V: Clone> Slot<V> {
    /// The value, from memory or by `fetch`; who asks meanwhile waits for the same one. If it cannot be renewed, the
    /// one before serves until its end.
    pub(super) async fn get<E>(
        &self,
        clock: &Clock,
        fetch: impl Future<Output = Result<Fetched<V>, E>>,
    ) -> Result<Kept<V>, E> {
        let mut kept = self.0.lock().await;
        let now = clock.now();
        if let Some(kept) = kept.as_ref().filter(|kept| now < kept.renew_at) {
            return Ok(kept.clone());
        }
        match fetch.await {
            Ok(fetched) => Ok(kept.insert(Kept::new(fetched, clock.now())).clone()),
            Err(error) => match kept.as_mut().filter(|kept| now < kept.end) {
                Some(kept) => {
                    kept.renew_at = now.checked_add(PAUSE).unwrap_or(kept.end).min(kept.end);
                    Ok(kept.clone())
                }
                None => Err(error),
            },
        }
    }

    /// Forgets the value that was fetched at `since`, and none that has come after it.
    pub(super) async fn forget(&self, since: Instant) {
        let mut kept = self.0.lock().await;
        if kept.as_ref().is_some_and(|kept| kept.since == since) {
            *kept = None;
        }
    }
}
