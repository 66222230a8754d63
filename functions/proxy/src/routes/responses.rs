//! `POST /v1/responses`, what is below it, and the upgrade to a WebSocket that clients try first.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use domain::random;
use http::header::{ALLOW, UPGRADE};
use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};
use service::http::caller::ApiCaller;
use service::http::{ApiError, Code};
use translators::responses::lifecycle::Lifecycle;

use crate::app::App;
use crate::exchange::{self, RequestContext};
use crate::request::{CompletionRequest, ResponsesRequest};
use crate::seals::OwnersSeals;
use crate::stored::{self, Turn};

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
        let turn;
        let (request, storing) = match begin(&app, &context.caller, &body.bytes).await {
            Ok((request, mut begun)) => {
                let storing = begun.storing.take();
                turn = begun;
                (complete(request, &turn), storing)
            }
            Err(error) => (Err(error), None),
        };
        let request = request.map(|request| CompletionRequest::Responses(Box::new(request)));
        exchange::run_storing(&app, context, request, storing, downstream).await;
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
    let turn;
    let request = match begin(&app, &context.caller, &body.bytes).await {
        Ok((request, begun)) => {
            turn = begun;
            complete(request, &turn)
        }
        Err(error) => Err(error),
    };
    let tokens = exchange::count_input_tokens(&app, context, request).await?;
    Ok(Json(json!({"object": "response.input_tokens", "input_tokens": tokens})))
}

/// The request in `body`, and what was stored before it.
pub(super) async fn begin<'a>(
    app: &App,
    caller: &ApiCaller,
    body: &'a Bytes,
) -> Result<(ResponsesRequest<'a>, Turn), ApiError> {
    let seals = app.seals(&caller.user.id).await;
    let request = ResponsesRequest::read(body, new_response(app, seals.clone()))?;
    let turn = stored::begin(app, seals, &request).await?;
    Ok((request, turn))
}

/// The request with all that it refers to.
fn complete<'a>(request: ResponsesRequest<'a>, turn: &'a Turn) -> Result<ResponsesRequest<'a>, ApiError> {
    match &turn.body {
        Some(body) => ResponsesRequest::read(body, turn.lifecycle.clone()),
        None => Ok(request.answered_by(turn.lifecycle.clone())),
    }
}

/// The response that a request will get, whichever backend it comes from.
fn new_response(app: &App, seals: Option<Arc<OwnersSeals>>) -> Lifecycle {
    let clock = app.store.clock().clone();
    // Lower case (RA2) halves the alphabet and leaves more than enough of it.
    let key = random::base62(KEY_LENGTH).to_ascii_lowercase();
    let response = Lifecycle::new(key, Arc::new(move || clock.now().as_second()));
    match seals {
        Some(seals) => response.sealed_by(seals),
        None => response,
    }
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
