//! Health of the backends: each is asked, and what was found goes into the catalog (promise 53).
//!
//! Runs are safe to repeat and to overlap: a check changes nothing but the backend's own health, and only if nobody has
//! written it meanwhile; a backend that was asked in a run's minute already is not asked again.

mod probe;

use std::time::Duration;

use domain::models::BackendId;
use domain::models::catalog::Backend;
use domain::models::health::FailureClass;
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use serde::Deserialize;
use service::config::Config;
use service::functions::CheckResult;
use service::outbound::{ClientError, Outbound};
use service::resources::Resources;
use service::secrets::backend_keys::BackendKeys;
use service::store::{Store, StoreError};
use tokio::time::{Instant, timeout};

/// Backends asked at once, so that a sick one delays only itself.
const PARALLEL: usize = 64;
/// How long one backend may take: a manual check has to fit into a management request (docs/api.md §7).
const TIMEOUT: Duration = Duration::from_secs(7);

/// What the checks work on. Cheap to clone.
#[derive(Clone, Debug)]
pub struct App {
    store: Store,
    backend_keys: BackendKeys,
    outbound: Outbound,
    patience: Duration,
}

impl App {
    /// The function over the services that `config` names.
    pub fn connect(config: &Config) -> Result<Self, ClientError> {
        Ok(Self::new(Resources::connect(config), Outbound::connect(config)?))
    }

    /// The function over resources that are connected already.
    pub fn new(resources: Resources, outbound: Outbound) -> Self {
        let Resources { store, secrets, .. } = resources;
        let backend_keys = BackendKeys::new(secrets, store.clock().clone());
        Self {
            store,
            backend_keys,
            outbound,
            patience: TIMEOUT,
        }
    }

    /// The same function that waits for each backend so long.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }
}

/// What the function is invoked with: by the schedule for all backends, by administration for one.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Event {
    backend: Option<BackendId>,
    /// When the schedule was due, however late the event comes.
    time: Option<Timestamp>,
}

/// Does what `event` asks for; the finding of a single check is the answer.
pub async fn run(app: &App, event: Event) -> Result<Option<CheckResult>, StoreError> {
    match event.backend {
        Some(id) => check_one(app, &id).await,
        None => check_all(app, event.time.unwrap_or_else(|| app.store.clock().now()))
            .await
            .map(|()| None),
    }
}

/// Checks all enabled backends that were not asked yet in the minute of `due` or later.
pub async fn check_all(app: &App, due: Timestamp) -> Result<(), StoreError> {
    let minute = due.as_second().div_euclid(60) * 60;
    let is_due =
        |backend: &&Backend| backend.enabled && backend.health.last_check_at.is_none_or(|at| at.as_second() < minute);
    let catalog = app.store.read_catalog().await?;
    let due: Vec<Backend> = catalog
        .entries()
        .flat_map(|entry| entry.backends.iter().filter(is_due).cloned())
        .collect();
    let checks = stream::iter(due).map(|backend| check_owned(app.clone(), backend));
    let results: Vec<_> = checks.buffer_unordered(PARALLEL).collect().await;
    results.into_iter().collect()
}

/// Checks the backend of this id now, enabled or not; `None` when there is none.
pub async fn check_one(app: &App, id: &BackendId) -> Result<Option<CheckResult>, StoreError> {
    let catalog = app.store.read_catalog().await?;
    match catalog
        .entries()
        .flat_map(|entry| &entry.backends)
        .find(|backend| backend.id == *id)
    {
        Some(backend) => check(app, backend).await.map(Some),
        None => Ok(None),
    }
}

async fn check_owned(app: App, backend: Backend) -> Result<(), StoreError> {
    check(&app, &backend).await.map(|_| ())
}

async fn check(app: &App, backend: &Backend) -> Result<CheckResult, StoreError> {
    let began = Instant::now();
    let asked = timeout(app.patience, probe::ask(app, backend))
        .await
        .unwrap_or(Err(FailureClass::Timeout));
    let (latency, now) = (began.elapsed(), app.store.clock().now());
    let finding = finding(asked, latency, now);
    let health = backend.health.after_check(now, finding.error.map_or(Ok(latency), Err));
    if health.healthy != backend.health.healthy {
        tracing::warn!(backend = %backend.id, healthy = finding.healthy, error = ?finding.error, status = finding.status, "health changed");
    }
    // Where somebody else has written meanwhile, their finding is as new as this one.
    app.store.update_health(&backend.id, &health).await?;
    Ok(finding)
}

fn finding(asked: Result<probe::Answer, FailureClass>, latency: Duration, now: Timestamp) -> CheckResult {
    let (status, error) = match asked {
        Ok(answer) => (
            Some(answer.status.as_u16()),
            (!answer.is_well()).then_some(FailureClass::Status),
        ),
        Err(class) => (None, Some(class)),
    };
    let latency_ms = u64::try_from(latency.as_millis()).unwrap_or(u64::MAX);
    CheckResult {
        healthy: error.is_none(),
        latency_ms,
        status,
        error,
        last_check_at: now,
    }
}
