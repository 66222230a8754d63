//! What an exchange holds at a backend while it is under way there, and what it tells other processes about it.

use std::time::Duration;

use domain::models::BackendId;
use domain::models::catalog::Backend;
use domain::models::health::Health;
use service::store::{Lease, Store, StoreError};
use tokio::task::JoinHandle;

use super::pool::{CallResult, News, Underway};
use crate::App;
use crate::deadlines::Times;

/// How long a lease outlives its exchange: who holds it may yet be settling.
const LEASE_MARGIN: Duration = Duration::from_mins(1);

/// A place at a backend.
#[derive(Debug)]
pub(crate) struct Hold {
    underway: Underway,
    /// Of a backend that takes only so many requests at once.
    lease: Option<Lease>,
}

/// Writes to the store that were begun and are waited for at the end, not before: nothing goes on behind the answer
/// (promise 51).
#[derive(Debug, Default)]
pub(crate) struct Writes(Vec<JoinHandle<()>>);

impl Hold {
    /// A place at `backend`, or `None` if it has none left. The store is asked only where there is a limit.
    pub(crate) async fn take(app: &App, backend: &Backend, times: &Times) -> Result<Option<Self>, StoreError> {
        let now = app.store.clock().now();
        let underway = app.fleet.enter(backend, now);
        let most = backend.max_concurrency;
        if most == 0 {
            return Ok(Some(Self { underway, lease: None }));
        }
        if underway.load() > most {
            return Ok(None);
        }
        let until = now.checked_add(times.left() + LEASE_MARGIN).unwrap_or(now);
        let lease = Box::pin(app.store.take_lease(&backend.id, most, until)).await?;
        Ok(lease.map(|lease| Self {
            underway,
            lease: Some(lease),
        }))
    }

    pub(crate) fn backend(&self) -> &BackendId {
        self.underway.backend()
    }

    /// Takes in that the backend has begun to answer: that is all that a trial asks.
    pub(crate) fn begun(&mut self, app: &App, writes: &mut Writes) {
        if self.underway.is_trial() {
            self.report(app, CallResult::Answered, writes);
        }
    }

    /// Gives the place back, with what was found if anything was.
    pub(crate) fn end(mut self, app: &App, verdict: Option<CallResult>, writes: &mut Writes) {
        if let Some(verdict) = verdict {
            self.report(app, verdict, writes);
        }
        if let Some(lease) = self.lease {
            writes.begin(app, give_back(app.store.clone(), lease));
        }
    }

    fn report(&mut self, app: &App, verdict: CallResult, writes: &mut Writes) {
        if let Some(news) = self.underway.report(verdict, app.store.clock().now()) {
            writes.begin(app, share(app.store.clone(), news));
        }
    }
}

impl Writes {
    fn begin(&mut self, app: &App, write: impl Future<Output = ()> + Send + 'static) {
        self.0.push(app.exchanges.tracker.spawn(write));
    }

    /// Waits until all are done.
    pub(crate) async fn done(self) {
        for write in self.0 {
            // One that panicked has said so, and nobody else suffers.
            let _ = write.await;
        }
    }
}

/// Tells other processes that a backend was taken out or let back. What cannot be told, they find out themselves.
async fn share(store: Store, news: News) {
    let Health {
        healthy, last_failure, ..
    } = news.health;
    tracing::warn!(backend = %news.backend, healthy, error = ?last_failure, "health changed");
    match store.update_health(&news.backend, &news.health).await {
        Ok(change) => news.written(change),
        Err(error) => tracing::warn!(backend = %news.backend, %error, "the backend's health could not be written"),
    }
}

/// A place that cannot be given back is free when its time is up.
async fn give_back(store: Store, lease: Lease) {
    if let Err(error) = store.give_lease_back(&lease).await {
        tracing::warn!(%error, "a lease could not be given back");
    }
}
