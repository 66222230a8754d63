//! Administration: people, policies, models, backends, single sign-on, settings, usage and the audit trail (api.md §5).

mod audit;
mod backends;
mod headers;
mod import;
mod models;
mod policies;
mod settings;
mod sso;
mod usage;
mod users;

use domain::access::egress::AllowedNetworks;
use domain::access::password::PasswordPolicy;
use domain::models::user::Role;
use service::aws;
use service::config::Config;
use service::functions::{CheckRequest, CheckResult, FunctionClient, SsoTrial, SsoTrialResult};
use service::hasher::Hasher;
use service::http::Dialect::Management;
use service::http::caller::SessionGate;
use service::http::edge::Edge;
use service::http::routes::{Access, Routes};
use service::resources::Resources;
use service::secrets::Secrets;
use service::secrets::key_ring::KeyRing;
use service::store::Store;

/// What administration works on. Cheap to clone.
#[derive(Clone, Debug)]
pub struct App {
    gate: SessionGate,
    signing_keys: KeyRing,
    hasher: Hasher,
    store: Store,
    secrets: Secrets,
    rules: Rules,
    delegates: Delegates,
}

/// What administrators may set.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The private networks that backends may be in.
    pub networks: AllowedNetworks,
    pub passwords: PasswordPolicy,
    /// Where the gateway is reached from outside, if it was told.
    pub public_url: Option<String>,
}

/// The functions that do what needs secrets which administration may not read.
#[derive(Clone, Debug)]
pub struct Delegates {
    /// The `health` function: checks one backend; `None` when there is none of this id.
    pub check: FunctionClient<CheckRequest, Option<CheckResult>>,
    /// The `auth` function: tries a configuration of single sign-on.
    pub try_sso: FunctionClient<SsoTrial, SsoTrialResult>,
}

impl App {
    /// The function over the services that `config` names.
    pub fn connect(config: &Config) -> Self {
        let resources = Resources::connect(config);
        let rules = Rules {
            networks: config.backend_networks.clone(),
            passwords: config.password_policy,
            public_url: config.public_url.clone(),
        };
        let lambda = aws::lambda(&config.aws, resources.store.clock().clone());
        let delegates = Delegates {
            check: FunctionClient::lambda(lambda.clone(), &config.health_function),
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

/// The function's routes.
pub fn routes() -> Routes<App, SessionGate> {
    const ADMIN: Access = Access::Session(Role::Admin);
    const MANAGER: Access = Access::Session(Role::Manager);
    Routes::new()
        .get("/api/v1/admin/users", Management, MANAGER, users::list)
        .post("/api/v1/admin/users", Management, ADMIN, users::create)
        .put("/api/v1/admin/users/{id}", Management, MANAGER, users::update)
        .delete("/api/v1/admin/users/{id}", Management, ADMIN, users::delete)
        .post("/api/v1/admin/users/import", Management, ADMIN, import::import)
        .get("/api/v1/admin/settings", Management, ADMIN, settings::show)
        .put("/api/v1/admin/settings", Management, ADMIN, settings::update)
        .get("/api/v1/admin/sso/status", Management, ADMIN, sso::status)
        .put("/api/v1/admin/sso/config", Management, ADMIN, sso::configure)
        .post("/api/v1/admin/sso/test", Management, ADMIN, sso::test)
        .get("/api/v1/admin/audit", Management, ADMIN, audit::list)
        .get("/api/v1/admin/usage", Management, MANAGER, usage::report)
        .get("/api/v1/admin/logs", Management, MANAGER, usage::log)
        .get("/api/v1/admin/models", Management, ADMIN, models::list)
        .post("/api/v1/admin/models", Management, ADMIN, models::create)
        .put("/api/v1/admin/models/{id}", Management, ADMIN, models::update)
        .delete("/api/v1/admin/models/{id}", Management, ADMIN, models::delete)
        .get(
            "/api/v1/admin/models/{id}/backends",
            Management,
            ADMIN,
            backends::list_of_model,
        )
        .post(
            "/api/v1/admin/models/{id}/backends",
            Management,
            ADMIN,
            backends::create,
        )
        .get("/api/v1/admin/policies", Management, ADMIN, policies::list)
        .post("/api/v1/admin/policies", Management, ADMIN, policies::create)
        .put("/api/v1/admin/policies/{name}", Management, ADMIN, policies::update)
        .delete("/api/v1/admin/policies/{name}", Management, ADMIN, policies::delete)
        .get("/api/v1/admin/backends", Management, ADMIN, backends::list)
        .put("/api/v1/admin/backends/{id}", Management, ADMIN, backends::update)
        .delete("/api/v1/admin/backends/{id}", Management, ADMIN, backends::delete)
        .post(
            "/api/v1/admin/backends/{id}/health",
            Management,
            ADMIN,
            backends::check_health,
        )
}

/// The whole function.
pub fn edge(app: App) -> Edge {
    routes().into_edge(app)
}
