//! Models for clients: `/v1/models`, `/v1/chat/completions` and `/v1/messages` (api.md §4).
//!
//! A completion is one line of steps, which stand in [`exchange`]: authorise, admit, forward, relay, settle.

mod app;
#[doc(hidden)]
pub mod bench;
mod deadlines;
mod detached;
mod exchange;
mod grant;
mod patch;
mod quota;
mod relay;
mod request;
mod response;
mod routes;
mod upstream;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::Response;
use serde_json::{Value, json};
use service::http::caller::{ApiCaller, KeyGate};
use service::http::edge::Edge;
use service::http::json;
use service::http::routes::Access::{Anyone, ApiKey};
use service::http::routes::Routes;
use service::http::{
    ApiError,
    Dialect::{Anthropic, Management, OpenAi},
};

use crate::exchange::RequestContext;
use crate::request::{Ask, ChatAsk, MessagesAsk};

pub use app::{App, Limits};

/// The function's routes.
pub fn routes() -> Routes<App, KeyGate> {
    Routes::new()
        .get("/", Management, Anyone, alive)
        .get("/health", Management, Anyone, alive)
        .get("/v1/models", OpenAi, ApiKey, routes::models::list)
        .get("/v1/models/{*id}", OpenAi, ApiKey, routes::models::find)
        .post("/v1/chat/completions", OpenAi, ApiKey, chat_completions)
        .post("/v1/messages", Anthropic, ApiKey, messages)
        .post("/v1/messages/count_tokens", Anthropic, ApiKey, count_tokens)
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

/// Tells that the process answers, and nothing else.
async fn alive() -> &'static str {
    "ok\n"
}

async fn chat_completions(
    State(app): State<App>,
    context: RequestContext,
    request: Request,
) -> Result<Response, ApiError> {
    let body = json::read(request, app.limits.max_body_bytes).await?;
    let exchange = |app, client| async move {
        let ask = ChatAsk::read(&body).map(|ask| Ask::Chat(Box::new(ask)));
        exchange::run(&app, context, ask, client).await;
    };
    detached::serve(app, exchange).await
}

async fn messages(State(app): State<App>, context: RequestContext, request: Request) -> Result<Response, ApiError> {
    let headers = request.headers().clone();
    let body = json::read(request, app.limits.max_body_bytes).await?;
    let exchange = |app, client| async move {
        let ask = MessagesAsk::read(&headers, &body).map(|ask| Ask::Messages(Box::new(ask)));
        exchange::run(&app, context, ask, client).await;
    };
    detached::serve(app, exchange).await
}

async fn count_tokens(State(app): State<App>, caller: ApiCaller, request: Request) -> Result<Json<Value>, ApiError> {
    let headers = request.headers().clone();
    let body = json::read(request, app.limits.max_body_bytes).await?;
    let tokens = exchange::count_tokens(&app, caller, &MessagesAsk::read(&headers, &body)?).await?;
    Ok(Json(json!({"input_tokens": tokens})))
}
