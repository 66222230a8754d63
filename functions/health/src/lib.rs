//! Health of the backends: every enabled one is asked, and what was found goes into the catalog (promise 53).
//!
//! Runs are safe to repeat and to overlap: a check changes nothing but the backend's own health item.

mod probe;

use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use shared::aws;
use shared::clock::Clock;
use shared::config::Config;
use shared::models::catalog::Backend;
use shared::models::health::FailureClass;
use shared::outbound::{ClientError, Outbound};
use shared::secrets::Secrets;
use shared::store::{Store, StoreError};

pub use probe::Finding;

/// Backends asked at once.
const PARALLEL: usize = 16;
/// How long one backend may take: a sick one must not hold up the run.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the checks work on. Cheap to clone.
#[derive(Clone, Debug)]
pub struct State {
    store: Store,
    secrets: Secrets,
    outbound: Outbound,
}

impl State {
    /// The state of a function that runs by itself.
    pub fn connect(config: &Config) -> Result<Self, ClientError> {
        let store = Store::new(aws::dynamodb(&config.aws), &config.table_prefix, Clock::system());
        let outbound = Outbound::new(config.backend_networks.clone(), &config.backend_authorities)?;
        Ok(Self::new(store, Secrets::connect(&config.secrets, &config.aws), outbound))
    }

    /// A state over a store, secrets and connections that are there already.
    pub fn new(store: Store, secrets: Secrets, outbound: Outbound) -> Self {
        Self { store, secrets, outbound }
    }
}

/// Checks all enabled backends.
pub async fn check_all(state: &State) -> Result<(), StoreError> {
    let catalog = state.store.read_catalog().await?;
    let mut enabled = Vec::new();
    for offer in catalog.offers() {
        enabled.extend(offer.backends.iter().filter(|backend| backend.enabled).cloned());
    }
    let checks = stream::iter(enabled).map(|backend| check_owned(state.clone(), backend));
    let results: Vec<_> = checks.buffer_unordered(PARALLEL).collect().await;
    results.into_iter().collect()
}

async fn check_owned(state: State, backend: Backend) -> Result<(), StoreError> {
    check(&state, &backend).await.map(|_| ())
}

/// Checks one backend now, and remembers what was found.
pub async fn check(state: &State, backend: &Backend) -> Result<Finding, StoreError> {
    let began = Instant::now();
    let finding = tokio::time::timeout(PATIENCE, probe::ask(state, backend)).await.unwrap_or(Finding::sick(FailureClass::Timeout));
    let found = if finding.healthy { Ok(began.elapsed()) } else { Err(finding.reason.unwrap_or(FailureClass::Other)) };
    let health = backend.health.clone().after_check(state.store.clock().now(), found);
    // Somebody who has written meanwhile knows better.
    state.store.update_health(&backend.id, &health).await?;
    if !finding.healthy {
        tracing::warn!(backend = %backend.id, reason = finding.reason.map(FailureClass::name), status = finding.status, "unhealthy");
    }
    Ok(finding)
}
