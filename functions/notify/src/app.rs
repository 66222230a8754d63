//! The parts that deliveries work with.

use service::config::Config;
use service::outbound::{ClientError, Outbound};
use service::resources::Resources;
use service::secrets::Secrets;
use service::store::Store;

/// Cheap to clone.
#[derive(Clone, Debug)]
pub struct App {
    pub(crate) store: Store,
    pub(crate) secrets: Secrets,
    pub(crate) outbound: Outbound,
}

impl App {
    /// The function over the services that `config` names.
    pub fn connect(config: &Config) -> Result<Self, ClientError> {
        Ok(Self::new(Resources::connect(config), Outbound::connect(config)?))
    }

    /// The function over resources that are connected already.
    pub fn new(resources: Resources, outbound: Outbound) -> Self {
        let Resources { store, secrets, .. } = resources;
        Self {
            store,
            secrets,
            outbound,
        }
    }
}
