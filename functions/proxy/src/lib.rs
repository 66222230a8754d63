//! Models for clients: `/v1/models` and `/v1/chat/completions` (api.md §4).
//!
//! A completion is one line of steps, which stand in [`exchange`]: authorise, admit, forward, relay, settle.

mod admit;
mod ask;
mod backend;
mod exchange;
mod forward;
mod models;
mod relay;
mod settle;
mod state;
mod target;

use axum::Router;
use axum::extract::{Request, State as Shared};
use axum::response::Response;
use http::request::Parts;
use shared::http::ApiError;
use shared::http::caller::ApiCaller;
use shared::http::json;
use shared::http::routes::{Access, Gate, Routes};
use shared::models::RequestId;

pub use state::{Limits, State};

/// The function's routes.
pub fn routes() -> Routes<State> {
    Routes::new()
        .get("/", Access::Anyone, alive)
        .get("/health", Access::Anyone, alive)
        .get("/v1/models", Access::ApiKey, models::list)
        .get("/v1/models/{*id}", Access::ApiKey, models::find)
        .post("/v1/chat/completions", Access::ApiKey, chat_completions)
}

/// The whole function.
pub fn router(state: State) -> Router {
    routes().into_router(state)
}

impl Gate for State {
    async fn admit(&self, access: Access, request: &mut Parts) -> Result<(), ApiError> {
        self.gate.admit(access, request).await
    }
}

/// Tells that the process answers, and nothing else.
async fn alive() -> &'static str {
    "ok\n"
}

async fn chat_completions(
    Shared(state): Shared<State>,
    caller: ApiCaller,
    id: axum::Extension<RequestId>,
    request: Request,
) -> Result<Response, ApiError> {
    let body = json::read(request, state.limits.max_body_bytes).await?;
    let ask = ask::Ask::chat(body)?;
    exchange::run(&state, caller, ask, id.0).await
}
