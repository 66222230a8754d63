//! The parts that the handlers of this function work with.

use std::sync::Arc;

use domain::access::password::PasswordPolicy;
use domain::access::public_addresses::PublicAddresses;
use service::config::Config;
use service::hasher::Hasher;
use service::http::caller::SessionGate;
use service::outbound::{ClientError, Outbound};
use service::resources::Resources;
use service::secrets::Secrets;
use service::secrets::key_ring::KeyRing;
use service::store::Store;

use crate::identity_provider::{IssuerKeys, Provider};
use crate::setup_code::SetupCode;

/// Cheap to clone.
#[derive(Clone, Debug)]
pub struct App {
    pub(crate) store: Store,
    pub(crate) secrets: Secrets,
    pub(crate) signing_keys: KeyRing,
    gate: SessionGate,
    pub(crate) hasher: Hasher,
    /// Hashes the passwords of registrations, one at a time: a flood of those delays no login.
    pub(crate) registrations: Hasher,
    pub(crate) password_policy: PasswordPolicy,
    pub(crate) provider: Provider,
    /// The keys of workloads' issuers.
    pub(crate) issuers: IssuerKeys,
    pub(crate) setup_code: SetupCode,
    /// The address of `/v1` besides that of these routes.
    pub(crate) api_url: Option<Arc<str>>,
    /// The addresses at which programs reach these routes.
    pub(crate) addresses: Arc<PublicAddresses>,
}

impl App {
    /// The function over the services that `config` names.
    pub fn connect(config: &Config) -> Result<Self, ClientError> {
        let (resources, outbound) = (Resources::connect(config), Outbound::connect(config)?);
        Ok(Self {
            api_url: config.api_url.as_deref().map(Into::into),
            addresses: Arc::new(config.public_addresses.clone()),
            ..Self::new(resources, outbound, config.password_policy)
        })
    }

    /// The function over resources that are connected already.
    pub fn new(resources: Resources, outbound: Outbound, password_policy: PasswordPolicy) -> Self {
        let Resources {
            store,
            secrets,
            signing_keys,
            ..
        } = resources;
        let issuers = IssuerKeys::new(outbound.clone(), store.clock().clone());
        let provider = Provider::new(outbound, store.clock().clone());
        let gate = SessionGate::new(store.clone(), signing_keys.clone());
        Self {
            store,
            secrets,
            signing_keys,
            gate,
            hasher: Hasher::new(),
            registrations: Hasher::with_places(1),
            password_policy,
            provider,
            issuers,
            setup_code: SetupCode::default(),
            api_url: None,
            addresses: Arc::default(),
        }
    }

    /// The same function, which programs reach at these addresses.
    #[must_use]
    pub fn reached_at(self, addresses: PublicAddresses) -> Self {
        Self {
            addresses: Arc::new(addresses),
            ..self
        }
    }
}

impl AsRef<SessionGate> for App {
    fn as_ref(&self) -> &SessionGate {
        &self.gate
    }
}
