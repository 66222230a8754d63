//! A person's own API keys, quota and usage (api.md §3).

mod api_keys;
mod quota;
mod usage;

use domain::clock::Clock;
use domain::models::user::Role;
use http::request::Parts;
use service::aws;
use service::config::Config;
use service::http::ApiError;
use service::http::caller::SessionGate;
use service::http::edge::Edge;
use service::http::routes::{Access, Gate, Routes};
use service::secrets::Secrets;
use service::secrets::key_ring::KeyRing;
use service::store::Store;

#[derive(Clone, Debug)]
pub struct App {
    store: Store,
    gate: SessionGate,
    /// Cursors are sealed with them.
    keys: KeyRing,
}

impl App {
    /// The function over the services that `config` names.
    pub fn connect(config: &Config) -> Self {
        let store = Store::new(aws::dynamodb(&config.aws), &config.table_prefix, Clock::system());
        let keys = KeyRing::new(Secrets::connect(&config.secrets, &config.aws), store.clock().clone());
        Self::new(store, keys)
    }

    /// The function over a store and keys that exist already.
    pub fn new(store: Store, keys: KeyRing) -> Self {
        let gate = SessionGate::new(store.clone(), keys.clone());
        Self { store, gate, keys }
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
    let own = Access::Session(Role::User);
    Routes::new()
        .post("/api/v1/user/keys", own, api_keys::create_key)
        .get("/api/v1/user/keys", own, api_keys::list_keys)
        .put("/api/v1/user/keys/{id}", own, api_keys::update_key)
        .delete("/api/v1/user/keys/{id}", own, api_keys::delete_key)
        .get("/api/v1/user/usage", own, usage::report)
        .get("/api/v1/user/logs", own, usage::log)
        .get("/api/v1/user/quota", own, quota::show)
}

pub fn edge(app: App) -> Edge {
    routes().into_edge(app)
}
