//! Administration (api.md §5): people, budgets, policies, models, backends, single sign-on, settings, usage and the
//! audit trail.

mod alerts;
mod app;
mod audit;
mod backends;
mod budgets;
mod catalog;
mod configuration;
mod fields;
mod headers;
mod import;
mod models;
mod overview;
mod policies;
mod refusal;
mod secret_change;
mod settings;
mod sign_ins;
mod sso;
mod storable;
mod top_ups;
mod usage;
mod usage_filter;
mod users;
mod workloads;

use domain::models::user::Role;
use service::http::ApiError;
use service::http::Dialect::Management;
use service::http::caller::SessionGate;
use service::http::edge::Edge;
use service::http::extract::Actor;
use service::http::language::Language;
use service::http::routes::{Access, Routes};

pub use app::{App, Delegates, Rules};
pub use configuration::{Change, Outcome, Report};
pub use refusal::Refusal;

const ADMIN: Access = Access::Session(Role::Admin);
const MANAGER: Access = Access::Session(Role::Manager);

/// The function's routes.
pub fn routes() -> Routes<App, SessionGate> {
    policy_routes(budget_routes(backend_routes(catalog_routes(limit_routes(
        sign_in_routes(account_routes(Routes::new())),
    )))))
    .get("/api/v1/admin/settings", Management, ADMIN, settings::show)
    .put("/api/v1/admin/settings", Management, ADMIN, settings::update)
    .get("/api/v1/admin/export", Management, ADMIN, configuration::export)
    .post("/api/v1/admin/import", Management, ADMIN, configuration::import)
    .get("/api/v1/admin/audit", Management, ADMIN, audit::list)
    .get("/api/v1/admin/overview", Management, MANAGER, overview::show)
    .get("/api/v1/admin/usage", Management, MANAGER, usage::report)
    .get("/api/v1/admin/logs", Management, MANAGER, usage::log)
}

fn account_routes(routes: Routes<App, SessionGate>) -> Routes<App, SessionGate> {
    routes
        .get("/api/v1/admin/users", Management, MANAGER, users::list)
        .post("/api/v1/admin/users", Management, ADMIN, users::create)
        .get("/api/v1/admin/users/{id}", Management, MANAGER, users::show)
        .put("/api/v1/admin/users/{id}", Management, MANAGER, users::update)
        .delete("/api/v1/admin/users/{id}", Management, ADMIN, users::delete)
        .post("/api/v1/admin/users/import", Management, ADMIN, import::import)
        .post("/api/v1/admin/users/bulk", Management, MANAGER, users::bulk::update)
        .get("/api/v1/admin/users/{id}/keys", Management, MANAGER, users::keys::list)
        .post("/api/v1/admin/users/{id}/keys", Management, ADMIN, users::keys::create)
        .put(
            "/api/v1/admin/users/{id}/keys/{key}",
            Management,
            ADMIN,
            users::keys::update,
        )
        .delete(
            "/api/v1/admin/users/{id}/keys/{key}",
            Management,
            ADMIN,
            users::keys::delete,
        )
        .get("/api/v1/admin/sso/status", Management, ADMIN, sso::status)
        .put("/api/v1/admin/sso/config", Management, ADMIN, sso::configure)
        .post("/api/v1/admin/sso/test", Management, ADMIN, sso::test)
}

fn limit_routes(routes: Routes<App, SessionGate>) -> Routes<App, SessionGate> {
    routes
        .get(
            "/api/v1/admin/users/{id}/quota",
            Management,
            MANAGER,
            users::quota::show,
        )
        .post(
            "/api/v1/admin/users/{id}/quota/reset",
            Management,
            ADMIN,
            users::quota::reset,
        )
        .get("/api/v1/admin/alerts", Management, ADMIN, alerts::list)
        .get("/api/v1/admin/top-ups", Management, ADMIN, top_ups::list)
        .post("/api/v1/admin/top-ups", Management, ADMIN, top_ups::create)
        .delete(
            "/api/v1/admin/top-ups/{account}/{id}",
            Management,
            ADMIN,
            top_ups::delete,
        )
}

fn sign_in_routes(routes: Routes<App, SessionGate>) -> Routes<App, SessionGate> {
    routes
        .get("/api/v1/admin/sign-ins", Management, MANAGER, sign_ins::list)
        .get("/api/v1/admin/sign-ins/{id}", Management, MANAGER, sign_ins::show)
        .delete("/api/v1/admin/sign-ins/{id}", Management, MANAGER, sign_ins::end)
        .get("/api/v1/admin/workloads", Management, ADMIN, workloads::list)
        .post("/api/v1/admin/workloads", Management, ADMIN, workloads::create)
        .get("/api/v1/admin/workloads/{id}", Management, ADMIN, workloads::show)
        .put("/api/v1/admin/workloads/{id}", Management, ADMIN, workloads::update)
        .delete("/api/v1/admin/workloads/{id}", Management, ADMIN, workloads::delete)
        .delete(
            "/api/v1/admin/users/{id}/sign-ins",
            Management,
            MANAGER,
            sign_ins::end_all,
        )
}

fn budget_routes(routes: Routes<App, SessionGate>) -> Routes<App, SessionGate> {
    use budgets::{departments, organisation, overview};
    routes
        .get("/api/v1/admin/departments", Management, MANAGER, departments::list)
        .post("/api/v1/admin/departments", Management, ADMIN, departments::create)
        .get(
            "/api/v1/admin/departments/{name}",
            Management,
            MANAGER,
            departments::show,
        )
        .put(
            "/api/v1/admin/departments/{name}",
            Management,
            ADMIN,
            departments::update,
        )
        .delete(
            "/api/v1/admin/departments/{name}",
            Management,
            ADMIN,
            departments::delete,
        )
        .get("/api/v1/admin/organisation", Management, ADMIN, organisation::show)
        .put("/api/v1/admin/organisation", Management, ADMIN, organisation::update)
        .get("/api/v1/admin/budgets", Management, MANAGER, overview::show)
}

fn policy_routes(routes: Routes<App, SessionGate>) -> Routes<App, SessionGate> {
    routes
        .get("/api/v1/admin/policies", Management, ADMIN, policies::list)
        .post("/api/v1/admin/policies", Management, ADMIN, policies::create)
        .get("/api/v1/admin/policies/{name}", Management, ADMIN, policies::show)
        .put("/api/v1/admin/policies/{name}", Management, ADMIN, policies::update)
        .delete("/api/v1/admin/policies/{name}", Management, ADMIN, policies::delete)
        .get(
            "/api/v1/admin/policies/{name}/shadow",
            Management,
            ADMIN,
            policies::shadow::show,
        )
}

fn catalog_routes(routes: Routes<App, SessionGate>) -> Routes<App, SessionGate> {
    routes
        .get("/api/v1/admin/models", Management, ADMIN, models::list)
        .post("/api/v1/admin/models", Management, ADMIN, models::create)
        .get("/api/v1/admin/models/{id}", Management, ADMIN, models::show)
        .put("/api/v1/admin/models/{id}", Management, ADMIN, models::update)
        .delete("/api/v1/admin/models/{id}", Management, ADMIN, models::delete)
        .get(
            "/api/v1/admin/price-catalogue",
            Management,
            ADMIN,
            models::catalogue::show,
        )
}

fn backend_routes(routes: Routes<App, SessionGate>) -> Routes<App, SessionGate> {
    routes
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
        .get("/api/v1/admin/backends", Management, ADMIN, backends::list)
        .post("/api/v1/admin/backends/test", Management, ADMIN, backends::try_entry)
        .get("/api/v1/admin/presets", Management, ADMIN, backends::list_presets)
        .get(
            "/api/v1/admin/backend-settings",
            Management,
            ADMIN,
            backends::list_settings,
        )
        .get("/api/v1/admin/backends/{id}", Management, ADMIN, backends::show)
        .put("/api/v1/admin/backends/{id}", Management, ADMIN, backends::update)
        .delete("/api/v1/admin/backends/{id}", Management, ADMIN, backends::delete)
        .post(
            "/api/v1/admin/backends/{id}/health",
            Management,
            ADMIN,
            backends::check_health,
        )
}

/// The changes that an import of `document`, which is JSON, would make (docs/config.md).
pub async fn plan_import(app: &App, document: &[u8], prune: bool) -> Result<Report, ApiError> {
    configuration::planned(app, document, prune).await
}

/// Makes the installation what `document` says, which is JSON (docs/config.md).
pub async fn import(app: &App, actor: &Actor, document: &[u8], prune: bool) -> Result<Report, ApiError> {
    configuration::made(app, actor, document, prune, None, Language::English).await
}

/// The whole function.
pub fn edge(app: App) -> Edge {
    routes().into_edge(app)
}
