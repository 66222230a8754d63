//! Accounts as their owners use them: registration, sessions, single sign-on, the own profile and password (api.md §2).

pub mod bootstrap;
mod guard;
mod login;
mod profile;
mod registration;
mod session;
mod sso;

use domain::access::password::PasswordPolicy;
use domain::models::user::Role;
use service::config::Config;
use service::hasher::Hasher;
use service::http::Dialect::Management;
use service::http::caller::SessionGate;
use service::http::edge::Edge;
use service::http::routes::{Access, Routes};
use service::outbound::{ClientError, Outbound};
use service::resources::Resources;
use service::secrets::Secrets;
use service::secrets::key_ring::KeyRing;
use service::store::Store;

use sso::Provider;
pub use sso::try_sso;

#[derive(Clone, Debug)]
pub struct App {
    store: Store,
    secrets: Secrets,
    signing_keys: KeyRing,
    gate: SessionGate,
    hasher: Hasher,
    password_policy: PasswordPolicy,
    provider: Provider,
}

impl App {
    /// The function over the services that `config` names.
    pub fn connect(config: &Config) -> Result<Self, ClientError> {
        let (resources, outbound) = (Resources::connect(config), Outbound::connect(config)?);
        Ok(Self::new(resources, outbound, config.password_policy))
    }

    /// The function over resources that are connected already.
    pub fn new(resources: Resources, outbound: Outbound, password_policy: PasswordPolicy) -> Self {
        let Resources {
            store,
            secrets,
            signing_keys,
        } = resources;
        let provider = Provider::new(outbound, store.clock().clone());
        let gate = SessionGate::new(store.clone(), signing_keys.clone());
        Self {
            store,
            secrets,
            signing_keys,
            gate,
            hasher: Hasher::new(),
            password_policy,
            provider,
        }
    }
}

impl AsRef<SessionGate> for App {
    fn as_ref(&self) -> &SessionGate {
        &self.gate
    }
}

pub fn routes() -> Routes<App, SessionGate> {
    const OWN: Access = Access::Session(Role::User);
    Routes::new()
        .post("/api/v1/auth/login", Management, Access::Anyone, login::login)
        .post(
            "/api/v1/auth/register",
            Management,
            Access::Anyone,
            registration::register,
        )
        .get(
            "/api/v1/auth/options",
            Management,
            Access::Anyone,
            registration::options,
        )
        .get("/api/v1/auth/sso/login", Management, Access::Anyone, sso::log_in)
        .get("/api/v1/auth/sso/callback", Management, Access::Anyone, sso::call_back)
        .post("/api/v1/auth/sso/token", Management, Access::Anyone, sso::redeem)
        .post("/api/v1/auth/refresh", Management, OWN, session::refresh)
        .post("/api/v1/auth/logout", Management, OWN, session::log_out)
        .get("/api/v1/user/profile", Management, OWN, profile::show)
        .put("/api/v1/user/profile", Management, OWN, profile::update)
        .put("/api/v1/user/password", Management, OWN, profile::change_password)
}

pub fn edge(app: App) -> Edge {
    routes().into_edge(app)
}
