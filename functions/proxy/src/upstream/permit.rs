//! The permit to call a backend, and the writes to the store that a call causes.

use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;

use domain::models::BackendId;
use domain::models::catalog::Backend;
use domain::models::health::{CallerMark, Health};
use jiff::Timestamp;
use service::store::{Lease, Store, StoreError};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};
use tokio_util::task::TaskTracker;

use super::pool::{CallResult, HealthChange, InFlight, News, Pool};

/// Time for which a place is taken: that of a process that dies is free again within it (OP3).
const LEASE: Duration = Duration::from_mins(1);
/// Time after which a place is taken for longer while its request runs.
const RENEWAL: Duration = Duration::from_secs(30);

/// A place among the concurrent requests of a backend.
#[derive(Debug)]
pub(crate) struct Permit {
    in_flight: InFlight,
    /// Of a backend with `max_concurrency`.
    lease: Option<HeldLease>,
}

/// A lease, and when it is renewed.
#[derive(Debug)]
struct HeldLease {
    lease: Lease,
    renew_at: Instant,
}

/// Writes that run beside an exchange and are awaited at its end: nothing goes on after the response (promise 51).
#[derive(Debug)]
pub(crate) struct PendingWrites<'a> {
    store: &'a Store,
    tasks: &'a TaskTracker,
    running: Vec<JoinHandle<()>>,
}

impl Permit {
    /// A permit for `backend`, or `None` if its concurrency is exhausted. The store is called only if it is limited.
    pub(super) async fn acquire(
        pool: &Pool,
        store: &Store,
        backend: &Backend,
        caller: CallerMark,
    ) -> Result<Option<Self>, StoreError> {
        let now = store.clock().now();
        let in_flight = pool.begin(backend, caller, now);
        let most = backend.max_concurrency;
        if most == 0 {
            return Ok(Some(Self { in_flight, lease: None }));
        }
        if in_flight.load() > most {
            return Ok(None);
        }
        let renew_at = Instant::now() + RENEWAL;
        let lease = Box::pin(store.take_lease(&backend.id, most, until(now))).await?;
        Ok(lease.map(|lease| Self {
            in_flight,
            lease: Some(HeldLease { lease, renew_at }),
        }))
    }

    /// Holds on to the place for as long as it is polled. Boxed, since few backends are limited.
    pub(crate) async fn held(&mut self, store: &Store) -> Infallible {
        match &mut self.lease {
            None => pending().await,
            Some(held) => Box::pin(held.renewed(store)).await,
        }
    }

    pub(crate) fn backend(&self) -> &BackendId {
        self.in_flight.backend()
    }

    /// Reports the first byte, which is all that a probe waits for.
    pub(super) fn first_byte(&mut self, writes: &mut PendingWrites<'_>) {
        if self.in_flight.is_probe() {
            self.report(&CallResult::Responded, writes);
        }
    }

    /// Ends the call with its result, if it has one that says something about the backend.
    pub(crate) fn release(mut self, result: Option<CallResult>, writes: &mut PendingWrites<'_>) {
        if let Some(result) = &result {
            self.report(result, writes);
        }
        if let Some(HeldLease { lease, .. }) = self.lease {
            writes.spawn(give_back(writes.store.clone(), lease));
        }
    }

    fn report(&mut self, result: &CallResult, writes: &mut PendingWrites<'_>) {
        if let Some(change) = self.in_flight.report(result, writes.store.clock().now()) {
            writes.spawn(publish(writes.store.clone(), change));
        }
    }
}

impl HeldLease {
    async fn renewed(&mut self, store: &Store) -> Infallible {
        loop {
            due(&mut self.renew_at).await;
            renew(store, &self.lease).await;
        }
    }
}

impl<'a> PendingWrites<'a> {
    pub(super) fn new(store: &'a Store, tasks: &'a TaskTracker) -> Self {
        Self {
            store,
            tasks,
            running: Vec::new(),
        }
    }

    fn spawn(&mut self, write: impl Future<Output = ()> + Send + 'static) {
        self.running.push(self.tasks.spawn(write));
    }

    /// Waits until all writes are done.
    pub(crate) async fn done(self) {
        for write in self.running {
            // A panic has been logged, and concerns no other write.
            let _ = write.await;
        }
    }
}

/// Writes a change of health for other processes. If that fails they observe it themselves.
async fn publish(store: Store, change: HealthChange) {
    let write = match change.news {
        News::Availability => {
            let Health {
                healthy, last_failure, ..
            } = change.health;
            tracing::warn!(backend = %change.backend, healthy, error = ?last_failure, "health changed");
            store.update_health(&change.backend, &change.health).await
        }
        News::Success => store.record_success(&change.backend, &change.health).await,
    };
    match write {
        Ok(written) => change.written(written),
        Err(error) => tracing::warn!(backend = %change.backend, %error, "the backend's health could not be written"),
    }
}

/// The end of a lease that is taken or renewed now.
fn until(now: Timestamp) -> Timestamp {
    now.checked_add(LEASE).unwrap_or(now)
}

/// Waits for the moment `at`, and says when the next one is.
async fn due(at: &mut Instant) {
    sleep_until(*at).await;
    *at += RENEWAL;
}

/// A lease that cannot be renewed expires, and the backend may get a request more than it takes.
async fn renew(store: &Store, lease: &Lease) {
    match store.renew_lease(lease, until(store.clock().now())).await {
        Ok(true) => {}
        Ok(false) => tracing::warn!("a lease was gone before it could be renewed"),
        Err(error) => tracing::warn!(%error, "a lease could not be renewed"),
    }
}

/// A lease that cannot be given back expires.
async fn give_back(store: Store, lease: Lease) {
    if let Err(error) = store.give_lease_back(&lease).await {
        tracing::warn!(%error, "a lease could not be given back");
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn op3_a_place_is_renewed_each_30_seconds_also_over_the_parts_of_a_request() {
        let began = Instant::now();
        let (mut at, mut renewed) = (began + RENEWAL, Vec::new());
        for seconds in [29, 2, 64] {
            let part = sleep(Duration::from_secs(seconds));
            tokio::pin!(part);
            loop {
                tokio::select! {
                    () = &mut part => break,
                    () = due(&mut at) => renewed.push(began.elapsed().as_secs()),
                }
            }
        }
        assert_eq!(renewed, [30, 60, 90]);
        assert!(LEASE >= 2 * RENEWAL, "one renewal may fail");
    }
}
