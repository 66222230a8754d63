//! What the proxy holds between requests.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use domain::access::egress::AllowedNetworks;
use service::cache::Cache;
use service::config::Config;
use service::http::caller::KeyGate;
use service::outbound::{Client, ClientError, Outbound};
use service::resources::Resources;
use service::secrets::backend_keys::BackendKeys;
use service::store::Store;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::quota::usage_writer::Recorder;
use crate::upstream::endpoint::{Target, TargetKey};
use crate::upstream::pool::Fleet;
use crate::upstream::retry_budget::Retries;

/// Time and size limits of an exchange (promise 49, docs/api.md §7).
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub max_body_bytes: usize,
    /// Until the first byte, over all attempts together.
    pub first_byte: Duration,
    /// Silence of a backend in mid-stream, after which it is given up.
    pub idle: Duration,
    /// Silence towards the client, after which it is told that the stream is alive (promise 48).
    pub keep_alive: Duration,
    /// From the request to the last byte.
    pub total: Duration,
    /// The longest answer that is not streamed.
    pub max_answer_bytes: usize,
    /// The longest single event of a stream.
    pub max_event_bytes: usize,
    /// The longest stream.
    pub max_stream_bytes: usize,
}

impl Limits {
    pub fn with_max_body(max_body_bytes: usize) -> Self {
        Self {
            max_body_bytes,
            first_byte: Duration::from_mins(2),
            idle: Duration::from_mins(1),
            keep_alive: Duration::from_secs(15),
            total: Duration::from_mins(14),
            max_answer_bytes: 5 * 1024 * 1024,
            max_event_bytes: 1024 * 1024,
            max_stream_bytes: 100 * 1024 * 1024,
        }
    }
}

/// The proxy. Cheap to clone, as each request does several times; clones share everything.
#[derive(Clone, Debug)]
pub struct App(Arc<Parts>);

/// What a [`App`] is made of.
#[derive(Clone, Debug)]
pub struct Parts {
    pub(crate) store: Store,
    pub(crate) gate: KeyGate,
    pub(crate) backend_keys: BackendKeys,
    pub(crate) networks: AllowedNetworks,
    pub(crate) limits: Limits,
    pub(crate) http: Client,
    /// How backends are called.
    pub(crate) targets: Arc<Cache<TargetKey, Arc<Target>>>,
    pub(crate) fleet: Fleet,
    pub(crate) retries: Retries,
    /// The region of this process, whose backends come first.
    pub(crate) region: Option<Arc<str>>,
    pub(crate) exchanges: Exchanges,
    pub(crate) usage: Recorder,
}

/// The exchanges under way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exchanges {
    pub(crate) tracker: TaskTracker,
    pub(crate) stop: CancellationToken,
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
        Ok(app.in_region(config.backend_region.as_deref()))
    }

    /// The function over resources that are connected already.
    pub fn new(resources: Resources, outbound: Outbound, limits: Limits) -> Self {
        let Resources { store, secrets, .. } = resources;
        let Outbound { networks, http } = outbound;
        Self(Arc::new(Parts {
            gate: KeyGate::new(store.clone()),
            http,
            targets: Arc::new(Cache::new(1000, store.clock().clone())),
            backend_keys: BackendKeys::new(secrets, store.clock().clone()),
            fleet: Fleet::default(),
            retries: Retries::new(),
            region: None,
            exchanges: Exchanges::default(),
            usage: Recorder::at_once(store.clone()),
            store,
            networks,
            limits,
        }))
    }

    /// The same function in a region whose backends come first.
    #[must_use]
    pub fn in_region(self, region: Option<&str>) -> Self {
        self.with(|parts| parts.region = region.map(Into::into))
    }

    /// The same for a process that serves many for long: usage is written behind the answers, by
    /// [`App::write_usage`].
    #[must_use]
    pub fn writing_usage_behind(self) -> Self {
        self.with(|parts| parts.usage = Recorder::behind(parts.store.clone()))
    }

    /// The same function with a change.
    fn with(self, change: impl FnOnce(&mut Parts)) -> Self {
        let mut parts = Arc::unwrap_or_clone(self.0);
        change(&mut parts);
        Self(Arc::new(parts))
    }

    /// Writes the usage that waits: to be called each second, and at the end.
    pub async fn write_usage(&self) {
        self.usage.flush().await;
    }

    /// Waits for running exchanges to end, at most `grace`; then ends them with an error, and settles them.
    pub async fn drain(&self, grace: Duration) {
        self.exchanges.tracker.close();
        if tokio::time::timeout(grace, self.exchanges.tracker.wait())
            .await
            .is_err()
        {
            self.exchanges.stop.cancel();
            self.exchanges.tracker.wait().await;
        }
    }
}
