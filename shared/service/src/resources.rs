//! Connects what functions work on, as the configuration says.

use crate::aws;
use crate::config::Config;
use crate::outbound::{ClientError, Outbound};
use crate::secrets::Secrets;
use crate::secrets::key_ring::KeyRing;
use crate::store::Store;
use domain::access::sealing::SealingKeys;
use domain::clock::Clock;

/// The tables and the secrets of an installation. Cheap to clone; clones share what they remember.
#[derive(Clone, Debug)]
pub struct Resources {
    pub store: Store,
    pub secrets: Secrets,
    /// The keys of session tokens and cursors.
    pub signing_keys: KeyRing,
    /// The keys of sealed contents: those that clients carry for us, and stored responses.
    pub sealing_keys: KeyRing<SealingKeys>,
}

impl Resources {
    pub fn connect(config: &Config) -> Self {
        Self::new(Store::connect(config), Secrets::connect(&config.secrets, &config.aws))
    }

    /// These tables and secrets.
    pub fn new(store: Store, secrets: Secrets) -> Self {
        let signing_keys = KeyRing::new(secrets.clone(), store.clock().clone());
        Self {
            sealing_keys: KeyRing::new(secrets.clone(), store.clock().clone()),
            store,
            secrets,
            signing_keys,
        }
    }
}

impl Store {
    pub fn connect(config: &Config) -> Self {
        Self::new(aws::dynamodb(&config.aws), &config.table_prefix, Clock::system())
    }
}

impl Outbound {
    pub fn connect(config: &Config) -> Result<Self, ClientError> {
        Self::new(config.backend_networks.clone(), &config.backend_authorities)
    }
}
