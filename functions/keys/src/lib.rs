//! A person's own API keys, models, quota and usage (api.md §3).

mod api_keys;
mod app;
mod models;
mod quota;
mod sign_ins;
mod usage;

use domain::models::user::Role;
use service::http::Dialect::Management;
use service::http::caller::SessionGate;
use service::http::edge::Edge;
use service::http::routes::{Access, Routes};

pub use app::App;

pub fn routes() -> Routes<App, SessionGate> {
    let own = Access::Session(Role::User);
    Routes::new()
        .post("/api/v1/user/keys", Management, own, api_keys::create_key)
        .get("/api/v1/user/keys", Management, own, api_keys::list_keys)
        .post(
            "/api/v1/user/keys/session",
            Management,
            own,
            api_keys::create_session_key,
        )
        .get("/api/v1/user/keys/{id}", Management, own, api_keys::show_key)
        .put("/api/v1/user/keys/{id}", Management, own, api_keys::update_key)
        .delete("/api/v1/user/keys/{id}", Management, own, api_keys::delete_key)
        .get("/api/v1/user/sign-ins", Management, own, sign_ins::list)
        .get("/api/v1/user/sign-ins/{id}", Management, own, sign_ins::show)
        .delete("/api/v1/user/sign-ins/{id}", Management, own, sign_ins::end)
        .get("/api/v1/user/usage", Management, own, usage::report)
        .get("/api/v1/user/logs", Management, own, usage::log)
        .get("/api/v1/user/models", Management, own, models::list)
        .get("/api/v1/user/quota", Management, own, quota::show)
}

pub fn edge(app: App) -> Edge {
    routes().into_edge(app)
}
