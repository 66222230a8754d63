//! The parts that the handlers of this function work with.

use service::config::Config;
use service::http::caller::SessionGate;
use service::resources::Resources;
use service::secrets::key_ring::KeyRing;
use service::store::Store;

/// Cheap to clone.
#[derive(Clone, Debug)]
pub struct App {
    pub(crate) store: Store,
    gate: SessionGate,
    /// Cursors are sealed with them.
    pub(crate) signing_keys: KeyRing,
}

impl App {
    /// The function over the services that `config` names.
    pub fn connect(config: &Config) -> Self {
        Self::new(Resources::connect(config))
    }

    /// The function over resources that are connected already.
    pub fn new(resources: Resources) -> Self {
        let Resources {
            store, signing_keys, ..
        } = resources;
        let gate = SessionGate::new(store.clone(), signing_keys.clone());
        Self {
            store,
            gate,
            signing_keys,
        }
    }
}

impl AsRef<SessionGate> for App {
    fn as_ref(&self) -> &SessionGate {
        &self.gate
    }
}
