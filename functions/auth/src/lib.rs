//! Accounts as their owners use them: registration, sessions, single sign-on, the own profile and password (api.md
//! §2).

mod app;
pub mod bootstrap;
mod callback;
mod identity_provider;
mod login;
mod login_permit;
mod oauth;
mod profile;
mod registration;
mod session;
mod setup;
mod setup_code;
mod sign_in;
mod sso;

use domain::models::user::Role;
use service::http::Dialect::{Management, OAuth};
use service::http::caller::SessionGate;
use service::http::edge::Edge;
use service::http::routes::{Access, Routes};

pub use app::App;
pub use sso::try_sso;

pub fn routes() -> Routes<App, SessionGate> {
    const OWN: Access = Access::Session(Role::User);
    with_sign_ins(Routes::new())
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
        .post("/api/v1/auth/setup", Management, Access::Anyone, setup::set_up)
        .get("/api/v1/auth/sso/login", Management, Access::Anyone, sso::log_in)
        .get(
            "/api/v1/auth/sso/callback",
            Management,
            Access::Anyone,
            callback::call_back,
        )
        .post("/api/v1/auth/sso/token", Management, Access::Anyone, sso::redeem)
        .post("/api/v1/auth/refresh", Management, OWN, session::refresh)
        .post("/api/v1/auth/logout", Management, OWN, session::log_out)
        .get("/api/v1/user/profile", Management, OWN, profile::show)
        .put("/api/v1/user/profile", Management, OWN, profile::update)
        .put("/api/v1/user/password", Management, OWN, profile::change_password)
}

/// The routes by which programs are signed in.
fn with_sign_ins(routes: Routes<App, SessionGate>) -> Routes<App, SessionGate> {
    routes
        .get(
            "/.well-known/oauth-authorization-server",
            OAuth,
            Access::Anyone,
            oauth::authorization_server,
        )
        .get("/.well-known/opencode", OAuth, Access::Anyone, oauth::opencode)
        .post("/oauth/token", OAuth, Access::Anyone, oauth::exchange)
        .post("/v1/oauth/token", OAuth, Access::Anyone, oauth::exchange_json)
        .post("/oauth/revoke", OAuth, Access::Anyone, oauth::revoke)
        .post(
            "/oauth/device_authorization",
            OAuth,
            Access::Anyone,
            oauth::authorize_device,
        )
        .get("/oauth/authorize", OAuth, Access::Anyone, sign_in::authorize)
        .post("/oauth/decision", OAuth, Access::Anyone, sign_in::decide)
        .get("/oauth/style.css", OAuth, Access::Anyone, sign_in::style)
        .get("/device", OAuth, Access::Anyone, sign_in::form)
        .post("/device", OAuth, Access::Anyone, sign_in::submit)
}

pub fn edge(app: App) -> Edge {
    routes().into_edge(app)
}
