//! What the proxy holds between requests.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use domain::access::sealing::SealingKeys;
use domain::models::UserId;
use service::config::Config;
use service::http::ApiError;
use service::http::body_budget::BudgetedBody;
use service::http::caller::{ApiCaller, KeyGate};
use service::identity::Identity;
use service::outbound::{ClientError, Outbound};
use service::resources::Resources;
use service::secrets::backend_keys::BackendKeys;
use service::secrets::key_ring::KeyRing;
use service::store::Store;

use crate::bodies::Bodies;
use crate::detached::Exchanges;
use crate::limits::Limits;
use crate::quota::refusals::Refusals;
use crate::quota::usage_writer::UsageWriter;
use crate::seals::OwnersSeals;
use crate::upstream::balance::Balancer;
use crate::upstream::client::BackendClient;
use crate::upstream::endpoint::Endpoints;
use crate::upstream::failover::Upstream;
use crate::upstream::pool::Pool;
use crate::upstream::retry_budget::RetryBudget;

/// The proxy. Cheap to clone, as each request does; clones share everything.
#[derive(Clone, Debug)]
pub struct App(Arc<Parts>);

/// The parts of an [`App`].
#[derive(Clone, Debug)]
pub struct Parts {
    pub(crate) store: Store,
    pub(crate) gate: KeyGate,
    pub(crate) limits: Limits,
    pub(crate) upstream: Upstream,
    pub(crate) exchanges: Exchanges,
    pub(crate) usage_writer: UsageWriter,
    bodies: Bodies,
    sealing_keys: KeyRing<SealingKeys>,
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// The function over the services that `config` names.
    pub fn connect(config: &Config) -> Result<Self, ClientError> {
        let (resources, outbound) = (Resources::connect(config), Outbound::connect(config)?);
        let app = Self::new(resources, outbound, Limits::with_max_body(config.max_body_bytes));
        let (origins, endpoints) = (config.identity_origins.clone(), config.token_endpoints.clone());
        let identity = Identity::of(&config.aws, origins, endpoints);
        Ok(app.in_region(config.backend_region.as_deref()).with_identity(identity))
    }

    /// The function over resources that are connected already.
    pub fn new(resources: Resources, outbound: Outbound, limits: Limits) -> Self {
        let Resources {
            store,
            secrets,
            sealing_keys,
            ..
        } = resources;
        let Outbound { networks, http } = outbound;
        let clock = store.clock().clone();
        let exchanges = Exchanges::default();
        let backend_keys = BackendKeys::new(secrets, clock.clone());
        let client = BackendClient {
            http,
            endpoints: Endpoints::new(networks, backend_keys, clock.clone()),
            clock: clock.clone(),
            limits,
        };
        let balancer = Balancer {
            pool: Pool::default(),
            clock,
            region: None,
        };
        Self(Arc::new(Parts {
            gate: KeyGate::new(store.clone()),
            limits,
            upstream: Upstream {
                store: store.clone(),
                balancer,
                client,
                retry_budget: RetryBudget::new(),
                exchanges: exchanges.clone(),
            },
            exchanges,
            usage_writer: UsageWriter::immediate(store.clone()),
            bodies: Bodies::new(limits.max_body_bytes),
            sealing_keys,
            store,
        }))
    }

    /// The same function in a region whose backends come first.
    #[must_use]
    pub fn in_region(self, region: Option<&str>) -> Self {
        self.with(|parts| parts.upstream.balancer.region = region.map(Into::into))
    }

    /// The same function with an identity to show at vendors of models.
    #[must_use]
    pub fn with_identity(self, identity: Identity) -> Self {
        self.with(|parts| parts.upstream.client.show(identity))
    }

    /// The same function in a process that serves many requests for long: usage is buffered, and written by
    /// [`App::write_usage`].
    #[must_use]
    pub fn with_buffered_usage(self) -> Self {
        self.with(|parts| parts.usage_writer = UsageWriter::buffered(parts.store.clone()))
    }

    fn with(self, change: impl FnOnce(&mut Parts)) -> Self {
        let mut parts = Arc::unwrap_or_clone(self.0);
        change(&mut parts);
        Self(Arc::new(parts))
    }

    /// The whole body of a request of `caller`. Its refusal is counted.
    pub(crate) async fn body(&self, caller: &ApiCaller, request: Request) -> Result<BudgetedBody, ApiError> {
        let read = self.bodies.read(&self.store, caller, request).await;
        Refusals::of(&self.usage_writer, caller).counted(None, read).await
    }

    /// The seals of what `owner` carries and has stored. Of a request they open at most half of what a body may be
    /// (K4).
    pub(crate) async fn seals(&self, owner: &UserId) -> Option<Arc<OwnersSeals>> {
        let most = self.limits.max_body_bytes / 2;
        OwnersSeals::of(&self.sealing_keys, owner, self.store.clock(), most).await
    }

    /// Writes buffered usage: to be called each second, and at the end.
    pub async fn write_usage(&self) {
        self.usage_writer.flush().await;
    }

    /// Waits for running exchanges to end, at most `grace`; then ends them with an error, and settles them.
    pub async fn drain(&self, grace: Duration) {
        self.exchanges.drain(grace).await;
    }
}
