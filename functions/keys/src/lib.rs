//! A person's own API keys, quota and usage (api.md §3).

mod api_keys;
mod quota;
mod usage;

use domain::models::user::Role;
use service::config::Config;
use service::http::Dialect::Management;
use service::http::caller::SessionGate;
use service::http::edge::Edge;
use service::http::routes::{Access, Routes};
use service::resources::Resources;
use service::secrets::key_ring::KeyRing;
use service::store::Store;

#[derive(Clone, Debug)]
pub struct App {
    store: Store,
    gate: SessionGate,
    /// Cursors are sealed with them.
    signing_keys: KeyRing,
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

pub fn routes() -> Routes<App, SessionGate> {
    let own = Access::Session(Role::User);
    Routes::new()
        .post("/api/v1/user/keys", Management, own, api_keys::create_key)
        .get("/api/v1/user/keys", Management, own, api_keys::list_keys)
        .put("/api/v1/user/keys/{id}", Management, own, api_keys::update_key)
        .delete("/api/v1/user/keys/{id}", Management, own, api_keys::delete_key)
        .get("/api/v1/user/usage", Management, own, usage::report)
        .get("/api/v1/user/logs", Management, own, usage::log)
        .get("/api/v1/user/quota", Management, own, quota::show)
}

pub fn edge(app: App) -> Edge {
    routes().into_edge(app)
}
