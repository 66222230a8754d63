//! `POST /v1/messages/count_tokens`

use axum::Json;
use axum::extract::{Request, State};
use serde_json::{Value, json};
use service::http::ApiError;

use crate::app::App;
use crate::exchange::{self, RequestContext};
use crate::request::MessagesRequest;

pub(crate) async fn count(
    State(app): State<App>,
    context: RequestContext,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    let headers = request.headers().clone();
    let body = app.body(&context.caller, request).await?;
    let tokens = exchange::count_tokens(&app, context, MessagesRequest::read(&headers, &body.bytes)).await?;
    Ok(Json(json!({"input_tokens": tokens})))
}
