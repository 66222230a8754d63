//! Models for clients: `/v1/models`, `/v1/chat/completions`, `/v1/messages` and `/v1/responses`, and what a key may
//! still use of its limits: `/v1/quota` (api.md §4).
//!
//! A completion is one line of steps, [`exchange`]: authorise, admit, call a backend, relay, settle. Modules import
//! downwards only: routes → exchange → turn → relay → upstream, stored → quota → grant, request, response → patch.

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
mod seals;
mod stored;
mod turn;
mod upstream;

use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, LOCATION, VARY};
use http::{HeaderMap, StatusCode};
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
        .get("/", Management, Anyone, root)
        .get("/health", Management, Anyone, alive)
        .get("/v1/models", OpenAi, ApiKey, routes::models::list)
        .get("/v1/models/{*id}", OpenAi, ApiKey, routes::models::find)
        .get("/v1/quota", OpenAi, ApiKey, routes::quota::show)
        .post("/v1/chat/completions", OpenAi, ApiKey, routes::chat::complete)
        .post("/v1/completions", OpenAi, ApiKey, routes::direct::completions)
        .post("/v1/fim/completions", OpenAi, ApiKey, routes::direct::completions)
        .post("/v1/embeddings", OpenAi, ApiKey, routes::direct::embeddings)
        .post("/v1/rerank", OpenAi, ApiKey, routes::direct::rerank)
        .post("/v2/rerank", OpenAi, ApiKey, routes::direct::rerank)
        .post("/rerank", OpenAi, ApiKey, routes::direct::rerank)
        .get("/v1/responses", OpenAi, Anyone, routes::responses::upgrade)
        .post("/v1/responses", OpenAi, ApiKey, routes::responses::create)
        .post("/v1/responses/input_tokens", OpenAi, ApiKey, routes::responses::count)
        .post("/v1/responses/compact", OpenAi, ApiKey, routes::compact::compact)
        .get("/v1/responses/{id}", OpenAi, ApiKey, routes::stored::show)
        .delete("/v1/responses/{id}", OpenAi, ApiKey, routes::stored::delete)
        .get(
            "/v1/responses/{id}/input_items",
            OpenAi,
            ApiKey,
            routes::stored::input_items,
        )
        .post("/v1/responses/{id}/cancel", OpenAi, ApiKey, routes::stored::cancel)
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

/// Leads a browser to the console, beside this address; to everybody else it is [`alive`].
async fn root(headers: HeaderMap) -> Response {
    let accepted = headers.get(ACCEPT).and_then(|accepted| accepted.to_str().ok());
    let is_browser = accepted.is_some_and(|accepted| accepted.contains("text/html"));
    if is_browser {
        (StatusCode::FOUND, [(LOCATION, "console/"), (VARY, "accept")]).into_response()
    } else {
        ([(VARY, "accept")], alive().await).into_response()
    }
}

/// The response of a process that is alive; says nothing about what it depends on.
async fn alive() -> &'static str {
    "ok\n"
}
