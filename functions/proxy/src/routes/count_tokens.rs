//! `POST /v1/messages/count_tokens`

use axum::Json;
use axum::extract::{Request, State};
use serde_json::{Value, json};
use service::http::caller::ApiCaller;
use service::http::{ApiError, json};

use crate::app::App;
use crate::exchange;
use crate::request::MessagesRequest;

pub(crate) async fn count(
    State(app): State<App>,
    caller: ApiCaller,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    let headers = request.headers().clone();
    let body = json::read(request, app.limits.max_body_bytes).await?;
    let tokens = exchange::count_tokens(&app, caller, &MessagesRequest::read(&headers, &body)?).await?;
    Ok(Json(json!({"input_tokens": tokens})))
}
