//! Accounts as their owners use them: registration, sessions, single sign-on, the own profile and password (api.md §2).

pub mod bootstrap;
mod guard;
mod login;
mod profile;
mod registration;
mod session;
mod sso;

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
use service::outbound::{ClientError, Outbound};
use service::secrets::Secrets;
use service::secrets::key_ring::KeyRing;
use service::store::Store;

use sso::Provider;
pub use sso::try_out;

#[derive(Clone, Debug)]
pub struct App {
    store: Store,
    secrets: Secrets,
    keys: KeyRing,
    gate: SessionGate,
    hasher: Hasher,
    password_policy: PasswordPolicy,
    provider: Provider,
}

impl App {
    /// The function over the services that `config` names.
    pub fn connect(config: &Config) -> Result<Self, ClientError> {
        let store = Store::new(aws::dynamodb(&config.aws), &config.table_prefix, Clock::system());
        let secrets = Secrets::connect(&config.secrets, &config.aws);
        let outbound = Outbound::new(config.backend_networks.clone(), &config.backend_authorities)?;
        let keys = KeyRing::new(secrets.clone(), store.clock().clone());
        Ok(Self::new(store, secrets, keys, outbound, config.password_policy))
    }

    /// The function over a store and secrets that exist already.
    pub fn new(
        store: Store,
        secrets: Secrets,
        keys: KeyRing,
        outbound: Outbound,
        password_policy: PasswordPolicy,
    ) -> Self {
        let provider = Provider::new(outbound, store.clock().clone());
        let gate = SessionGate::new(store.clone(), keys.clone());
        Self {
            store,
            secrets,
            keys,
            gate,
            hasher: Hasher::new(),
            password_policy,
            provider,
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

pub fn routes() -> Routes<App> {
    const OWN: Access = Access::Session(Role::User);
    Routes::new()
        .post("/api/v1/auth/login", Access::Anyone, login::login)
        .post("/api/v1/auth/register", Access::Anyone, registration::register)
        .get("/api/v1/auth/options", Access::Anyone, registration::options)
        .get("/api/v1/auth/sso/login", Access::Anyone, sso::log_in)
        .get("/api/v1/auth/sso/callback", Access::Anyone, sso::call_back)
        .post("/api/v1/auth/sso/token", Access::Anyone, sso::redeem)
        .post("/api/v1/auth/refresh", OWN, session::refresh)
        .post("/api/v1/auth/logout", OWN, session::log_out)
        .get("/api/v1/user/profile", OWN, profile::show)
        .put("/api/v1/user/profile", OWN, profile::update)
        .put("/api/v1/user/password", OWN, profile::change_password)
}

pub fn edge(app: App) -> Edge {
    routes().into_edge(app)
}
