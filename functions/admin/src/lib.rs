//! Administration: people, policies, models, backends, single sign-on, settings, usage and the audit trail (api.md §5).

mod audit;
mod backends;
mod import;
mod models;
mod policies;
mod settings;
mod sso;
mod usage;
mod users;

use domain::access::egress::AllowedNetworks;
use domain::access::password::PasswordPolicy;
use domain::clock::Clock;
use domain::models::user::Role;
use http::request::Parts;
use service::aws;
use service::config::Config;
use service::hasher::Hasher;
use service::http::ApiError;
use service::http::caller::SessionGate;
use service::http::edge::Edge;
use service::http::routes::{Access, Gate, Routes};
use service::prober::{FunctionProber, Prober};
use service::secrets::Secrets;
use service::secrets::key_ring::KeyRing;
use service::sso_tester::SsoTester;
use service::store::Store;

/// What administration works on. Cheap to clone.
#[derive(Clone, Debug)]
pub struct App {
    gate: SessionGate,
    keys: KeyRing,
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

/// Who does for administration what needs secrets that it may not read.
#[derive(Clone, Debug)]
pub struct Delegates {
    pub prober: Prober,
    pub sso_tester: SsoTester,
}

impl App {
    /// The function over the services that `config` names.
    pub fn connect(config: &Config) -> Self {
        let store = Store::new(aws::dynamodb(&config.aws), &config.table_prefix, Clock::system());
        let secrets = Secrets::connect(&config.secrets, &config.aws);
        let keys = KeyRing::new(secrets.clone(), store.clock().clone());
        let (networks, passwords) = (config.backend_networks.clone(), config.password_policy);
        let rules = Rules {
            networks,
            passwords,
            public_url: config.public_url.clone(),
        };
        let functions = aws::functions(&config.aws, store.clock().clone());
        let prober = Prober::Function(FunctionProber::new(functions.clone(), config.health_function.clone()));
        let sso_tester = SsoTester::Function(functions, config.auth_function.clone());
        Self::new(store, secrets, keys, rules, Delegates { prober, sso_tester })
    }

    /// The function over a store and secrets that exist already.
    pub fn new(store: Store, secrets: Secrets, keys: KeyRing, rules: Rules, delegates: Delegates) -> Self {
        let gate = SessionGate::new(store.clone(), keys.clone());
        Self {
            gate,
            keys,
            hasher: Hasher::new(),
            store,
            secrets,
            rules,
            delegates,
        }
    }
}

impl Gate for App {
    async fn authenticate(&self, access: Access, request: &mut Parts) -> Result<(), ApiError> {
        self.gate.authenticate(access, request).await
    }

    fn store(&self) -> &Store {
        &self.store
    }
}

/// The function's routes.
pub fn routes() -> Routes<App> {
    const ADMIN: Access = Access::Session(Role::Admin);
    const MANAGER: Access = Access::Session(Role::Manager);
    Routes::new()
        .get("/api/v1/admin/users", MANAGER, users::list)
        .post("/api/v1/admin/users", ADMIN, users::create)
        .put("/api/v1/admin/users/{id}", MANAGER, users::update)
        .delete("/api/v1/admin/users/{id}", ADMIN, users::delete)
        .post("/api/v1/admin/users/import", ADMIN, import::import)
        .get("/api/v1/admin/settings", ADMIN, settings::show)
        .put("/api/v1/admin/settings", ADMIN, settings::update)
        .get("/api/v1/admin/sso/status", ADMIN, sso::status)
        .put("/api/v1/admin/sso/config", ADMIN, sso::configure)
        .post("/api/v1/admin/sso/test", ADMIN, sso::test)
        .get("/api/v1/admin/audit", ADMIN, audit::list)
        .get("/api/v1/admin/usage", MANAGER, usage::report)
        .get("/api/v1/admin/logs", MANAGER, usage::log)
        .get("/api/v1/admin/models", ADMIN, models::list)
        .post("/api/v1/admin/models", ADMIN, models::create)
        .put("/api/v1/admin/models/{id}", ADMIN, models::update)
        .delete("/api/v1/admin/models/{id}", ADMIN, models::delete)
        .get("/api/v1/admin/models/{id}/backends", ADMIN, backends::list_of_model)
        .post("/api/v1/admin/models/{id}/backends", ADMIN, backends::create)
        .get("/api/v1/admin/policies", ADMIN, policies::list)
        .post("/api/v1/admin/policies", ADMIN, policies::create)
        .put("/api/v1/admin/policies/{name}", ADMIN, policies::update)
        .delete("/api/v1/admin/policies/{name}", ADMIN, policies::delete)
        .get("/api/v1/admin/backends", ADMIN, backends::list)
        .put("/api/v1/admin/backends/{id}", ADMIN, backends::update)
        .delete("/api/v1/admin/backends/{id}", ADMIN, backends::delete)
        .post("/api/v1/admin/backends/{id}/health", ADMIN, backends::check_health)
}

/// The whole function.
pub fn edge(app: App) -> Edge {
    routes().into_edge(app)
}
