//! `POST /v1/responses`, what is below it, and the upgrade to a WebSocket that clients try first.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::Response;
use domain::random;
use http::header::{ALLOW, UPGRADE};
use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};
use service::http::{ApiError, Code};
use translators::responses::lifecycle::Lifecycle;

use crate::app::App;
use crate::exchange::{self, RequestContext};
use crate::request::{CompletionRequest, ResponsesRequest};

/// Characters of the part of an id that tells a response from others.
const KEY_LENGTH: usize = 32;

pub(crate) async fn create(
    State(app): State<App>,
    context: RequestContext,
    request: Request,
) -> Result<Response, ApiError> {
    let body = app.body(&context.caller, request).await?;
    let exchanges = app.exchanges.clone();
    let exchange = |downstream| async move {
        let request = ResponsesRequest::read(&body.bytes, new_response(&app));
        let request = request.map(|request| CompletionRequest::Responses(Box::new(request)));
        exchange::run(&app, context, request, downstream).await;
    };
    exchanges.run(exchange).await
}

/// `POST /v1/responses/input_tokens` (PA2).
pub(crate) async fn count(
    State(app): State<App>,
    context: RequestContext,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    let body = app.body(&context.caller, request).await?;
    let request = ResponsesRequest::read(&body.bytes, new_response(&app));
    let tokens = exchange::count_input_tokens(&app, context, request).await?;
    Ok(Json(json!({"object": "response.input_tokens", "input_tokens": tokens})))
}

/// The response that a request will get, whichever backend it comes from.
pub(super) fn new_response(app: &App) -> Lifecycle {
    let clock = app.store.clock().clone();
    // Lower case (RA2) halves the alphabet and leaves more than enough of it.
    let key = random::base62(KEY_LENGTH).to_ascii_lowercase();
    Lifecycle::new(key, Arc::new(move || clock.now().as_second()))
}

/// Told before anybody is authenticated: a client that gets 426 goes on over HTTP at once and silently (PA1).
pub(crate) async fn upgrade(headers: HeaderMap) -> ApiError {
    let protocols = headers.get_all(UPGRADE).iter().filter_map(|value| value.to_str().ok());
    let mut protocols = protocols.flat_map(|value| value.split(','));
    if protocols.any(|protocol| protocol.trim().eq_ignore_ascii_case("websocket")) {
        let message = "Use HTTP: POST /v1/responses with \"stream\": true.";
        return ApiError::new(Code::WebsocketNotSupported, message);
    }
    let allow = HeaderMap::from_iter([(ALLOW, HeaderValue::from_static("POST"))]);
    ApiError::new(Code::MethodNotAllowed, "this route does not offer the method").hints(allow)
}
