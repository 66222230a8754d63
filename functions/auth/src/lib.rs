//! Accounts as their owners use them: registration, sessions, the own profile and password (api.md §2).

pub mod bootstrap;
mod guard;
mod login;
mod profile;
mod registration;
mod session;

use axum::Router;
use http::request::Parts;
use shared::access::password::PasswordPolicy;
use shared::aws;
use shared::clock::Clock;
use shared::config::Config;
use shared::hasher::Hasher;
use shared::http::ApiError;
use shared::http::caller::SessionGate;
use shared::http::routes::{Access, Gate, Routes};
use shared::models::user::Role;
use shared::secrets::Secrets;
use shared::secrets::key_ring::KeyRing;
use shared::store::Store;

#[derive(Clone, Debug)]
pub struct State {
    store: Store,
    keys: KeyRing,
    gate: SessionGate,
    hasher: Hasher,
    password_policy: PasswordPolicy,
}

impl State {
    /// The state of a function that runs by itself.
    pub fn connect(config: &Config) -> Self {
        let store = Store::new(aws::dynamodb(&config.aws), &config.table_prefix, Clock::system());
        let keys = KeyRing::new(Secrets::connect(&config.secrets, &config.aws), store.clock().clone());
        Self::new(store, keys, config.password_policy)
    }

    /// A state over a store and keys that are there already.
    pub fn new(store: Store, keys: KeyRing, password_policy: PasswordPolicy) -> Self {
        let gate = SessionGate::new(store.clone(), keys.clone());
        Self { store, keys, gate, hasher: Hasher::new(), password_policy }
    }
}

impl Gate for State {
    async fn admit(&self, access: Access, request: &mut Parts) -> Result<(), ApiError> {
        self.gate.admit(access, request).await
    }

    fn store(&self) -> &Store {
        &self.store
    }
}

pub fn routes() -> Routes<State> {
    const OWN: Access = Access::Session(Role::User);
    Routes::new()
        .post("/api/v1/auth/login", Access::Anyone, login::login)
        .post("/api/v1/auth/register", Access::Anyone, registration::register)
        .get("/api/v1/auth/options", Access::Anyone, registration::options)
        .post("/api/v1/auth/refresh", OWN, session::refresh)
        .post("/api/v1/auth/logout", OWN, session::log_out)
        .get("/api/v1/user/profile", OWN, profile::show)
        .put("/api/v1/user/profile", OWN, profile::update)
        .put("/api/v1/user/password", OWN, profile::change_password)
}

pub fn router(state: State) -> Router {
    routes().into_router(state)
}
