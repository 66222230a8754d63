//! Models for clients: `/v1/models`, `/v1/chat/completions` and `/v1/messages` (api.md §4).
//!
//! A completion is one line of steps, [`exchange`]: authorise, admit, call a backend, relay, settle. Modules import
//! downwards only: routes → exchange → relay → upstream → quota → grant, request, response → patch.

mod app;
#[doc(hidden)]
pub mod bench;
mod bodies;
mod deadlines;
mod detached;
mod downstream;
mod exchange;
mod grant;
mod limits;
mod opening;
mod patch;
mod quota;
mod relay;
mod request;
mod response;
mod routes;
mod upstream;

use service::http::Dialect::{Anthropic, Management, OpenAi};
use service::http::caller::KeyGate;
use service::http::edge::Edge;
use service::http::routes::Access::{Anyone, ApiKey};
use service::http::routes::Routes;

pub use app::App;
pub use limits::Limits;

/// The function's routes.
pub fn routes() -> Routes<App, KeyGate> {
    Routes::new()
        .get("/", Management, Anyone, alive)
        .get("/health", Management, Anyone, alive)
        .get("/v1/models", OpenAi, ApiKey, routes::models::list)
        .get("/v1/models/{*id}", OpenAi, ApiKey, routes::models::find)
        .post("/v1/chat/completions", OpenAi, ApiKey, routes::chat::complete)
        .post("/v1/messages", Anthropic, ApiKey, routes::messages::create)
        .post(
            "/v1/messages/count_tokens",
            Anthropic,
            ApiKey,
            routes::count_tokens::count,
        )
}

/// The whole function.
pub fn edge(app: App) -> Edge {
    routes().into_edge(app)
}

impl AsRef<KeyGate> for App {
    fn as_ref(&self) -> &KeyGate {
        &self.gate
    }
}

/// The response of a process that is alive; says nothing about what it depends on.
async fn alive() -> &'static str {
    "ok\n"
}
