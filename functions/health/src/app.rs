//! The parts that the checks work with.

use std::time::Duration;

use service::config::Config;
use service::outbound::{ClientError, Outbound};
use service::resources::Resources;
use service::secrets::backend_keys::BackendKeys;
use service::store::Store;

/// Timeout of the check of one backend: a manual check has to fit into a management request (docs/api.md §7).
const TIMEOUT: Duration = Duration::from_secs(7);

/// Cheap to clone.
#[derive(Clone, Debug)]
pub struct App {
    pub(crate) store: Store,
    pub(crate) backend_keys: BackendKeys,
    pub(crate) outbound: Outbound,
    pub(crate) timeout: Duration,
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
            timeout: TIMEOUT,
        }
    }

    /// The same function with another timeout of each check.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }
}
