//! `POST /v1/messages/count_tokens`

use axum::Json;
use axum::extract::{Request, State};
use serde_json::{Value, json};
use service::http::ApiError;
use service::http::caller::ApiCaller;

use crate::app::App;
use crate::exchange;
use crate::request::MessagesRequest;

pub(crate) async fn count(
    State(app): State<App>,
    caller: ApiCaller,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    let headers = request.headers().clone();
    let body = app.bodies.read(&app.store, &caller, request).await?;
    let tokens = exchange::count_tokens(&app, caller, &MessagesRequest::read(&headers, &body.bytes)?).await?;
    Ok(Json(json!({"input_tokens": tokens})))
}
