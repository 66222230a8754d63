//! The permit to call a backend, and the writes to the store that a call causes.

use std::time::Duration;

use domain::models::BackendId;
use domain::models::catalog::Backend;
use domain::models::health::{CallerMark, Health};
use service::store::{Lease, Store, StoreError};
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

use super::pool::{CallResult, HealthChange, InFlight, News, Pool};
use crate::deadlines::Deadlines;

/// Time that a lease outlives its exchange, which may still be settling.
const LEASE_MARGIN: Duration = Duration::from_mins(1);

/// A place among the concurrent requests of a backend.
#[derive(Debug)]
pub(crate) struct Permit {
    in_flight: InFlight,
    /// Of a backend with `max_concurrency`.
    lease: Option<Lease>,
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
        deadlines: &Deadlines,
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
        let until = now.checked_add(deadlines.left() + LEASE_MARGIN).unwrap_or(now);
        let lease = Box::pin(store.take_lease(&backend.id, most, until)).await?;
        Ok(lease.map(|lease| Self {
            in_flight,
            lease: Some(lease),
        }))
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
        if let Some(lease) = self.lease {
            writes.spawn(give_back(writes.store.clone(), lease));
        }
    }

    fn report(&mut self, result: &CallResult, writes: &mut PendingWrites<'_>) {
        if let Some(change) = self.in_flight.report(result, writes.store.clock().now()) {
            writes.spawn(publish(writes.store.clone(), change));
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

/// A lease that cannot be given back expires.
async fn give_back(store: Store, lease: Lease) {
    if let Err(error) = store.give_lease_back(&lease).await {
        tracing::warn!(%error, "a lease could not be given back");
    }
}
