//! The parts that the handlers of this function work with.

use domain::access::egress::AllowedNetworks;
use domain::access::identity_hosts::IdentityOrigins;
use domain::access::password::PasswordPolicy;
use service::aws;
use service::config::Config;
use service::functions::{
    BackendTrialResult, CheckRequest, CheckResult, FunctionClient, SsoTrial, SsoTrialResult, TrialRequest,
};
use service::hasher::Hasher;
use service::http::caller::SessionGate;
use service::resources::Resources;
use service::secrets::Secrets;
use service::secrets::key_ring::KeyRing;
use service::store::Store;

/// Cheap to clone.
#[derive(Clone, Debug)]
pub struct App {
    gate: SessionGate,
    pub(crate) signing_keys: KeyRing,
    pub(crate) hasher: Hasher,
    pub(crate) store: Store,
    pub(crate) secrets: Secrets,
    pub(crate) rules: Rules,
    pub(crate) delegates: Delegates,
}

/// Limits of what administrators may set.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The private networks that backends may be in.
    pub networks: AllowedNetworks,
    /// The origins besides the vendors' own to which the gateway shows its identity.
    pub identity_origins: IdentityOrigins,
    pub passwords: PasswordPolicy,
    /// The address of the gateway from outside, if it is configured.
    pub public_url: Option<String>,
}

/// The functions that do what needs secrets which administration may not read.
#[derive(Clone, Debug)]
pub struct Delegates {
    /// The `health` function: checks one backend; `None` when there is none of this id.
    pub check: FunctionClient<CheckRequest, Option<CheckResult>>,
    /// The `health` function: tries an entry of a backend.
    pub try_backend: FunctionClient<TrialRequest, BackendTrialResult>,
    /// The `auth` function: tries a configuration of single sign-on.
    pub try_sso: FunctionClient<SsoTrial, SsoTrialResult>,
}

impl App {
    /// The function over the services that `config` names.
    pub fn connect(config: &Config) -> Self {
        let resources = Resources::connect(config);
        let rules = Rules {
            networks: config.backend_networks.clone(),
            identity_origins: config.identity_origins.clone(),
            passwords: config.password_policy,
            public_url: config.public_addresses.first().map(ToOwned::to_owned),
        };
        let lambda = aws::lambda(&config.aws, resources.store.clock().clone());
        let delegates = Delegates {
            check: FunctionClient::lambda(lambda.clone(), &config.health_function),
            try_backend: FunctionClient::lambda(lambda.clone(), &config.health_function),
            try_sso: FunctionClient::lambda(lambda, &config.auth_function),
        };
        Self::new(resources, rules, delegates)
    }

    /// The function over resources that are connected already.
    pub fn new(resources: Resources, rules: Rules, delegates: Delegates) -> Self {
        let Resources {
            store,
            secrets,
            signing_keys,
            ..
        } = resources;
        let gate = SessionGate::new(store.clone(), signing_keys.clone());
        Self {
            gate,
            signing_keys,
            hasher: Hasher::new(),
            store,
            secrets,
            rules,
            delegates,
        }
    }
}

impl AsRef<SessionGate> for App {
    fn as_ref(&self) -> &SessionGate {
        &self.gate
    }
}
