//! `POST /v1/responses/compact`: a conversation in, its user messages and a sealed summary of it out (CO3).

use std::borrow::Cow;

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use serde::Deserialize;
use serde_json::value::RawValue;
use service::http::ApiError;
use service::http::caller::ApiCaller;

use super::responses::new_response;
use crate::app::App;
use crate::exchange::{self, RequestContext};
use crate::quota::refusals::Refusals;
use crate::request::{CompletionRequest, ResponsesRequest, summary_request};

/// Bytes of a response with a sealed summary at most.
const MOST_BYTES: usize = 64 << 20;

pub(crate) async fn compact(
    State(app): State<App>,
    context: RequestContext,
    request: Request,
) -> Result<Response, ApiError> {
    let body = app.body(&context.caller, request).await?;
    let read = summary_request(&body.bytes);
    let asked = Refusals::of(&app.usage_writer, &context.caller)
        .counted(None, read)
        .await?;
    let asked = complete(&app, &context.caller, asked).await?;
    let kept = user_messages(&asked);
    let exchanges = app.exchanges.clone();
    let exchange = |downstream| async move {
        let request = ResponsesRequest::read(&asked, new_response(&app));
        let request = request.map(|request| CompletionRequest::Responses(Box::new(request.for_compaction())));
        exchange::run(&app, context, request, downstream).await;
    };
    let response = exchanges.run(exchange).await?;
    drop(body);
    compaction(response, kept).await
}

/// The request for a summary with all that it refers to.
async fn complete(app: &App, caller: &ApiCaller, asked: Bytes) -> Result<Bytes, ApiError> {
    let request = ResponsesRequest::read(&asked, new_response(app));
    let turn = exchange::stored_turn(app, caller, request.as_ref().map_err(Clone::clone)).await?;
    drop(request);
    Ok(turn.into_body().unwrap_or(asked))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    input: Vec<Box<RawValue>>,
}

/// The user's messages among the items of `body`, as they came.
fn user_messages(body: &Bytes) -> Vec<Box<RawValue>> {
    #[derive(Deserialize)]
    struct Item<'a> {
        #[serde(borrow, default)]
        role: Option<Cow<'a, str>>,
    }
    let asked: Option<Asked> = serde_json::from_slice(body).ok();
    let is_users = |item: &RawValue| {
        let item = serde_json::from_str::<Item<'_>>(item.get());
        item.is_ok_and(|item| item.role.as_deref() == Some("user"))
    };
    let items = asked.map(|asked| asked.input).unwrap_or_default();
    items.into_iter().filter(|item| is_users(item)).collect()
}

#[derive(Deserialize)]
struct Summary {
    object: String,
    id: Box<RawValue>,
    created_at: Box<RawValue>,
    output: Vec<Box<RawValue>>,
    usage: Box<RawValue>,
}

/// The answer: what is `kept`, and the summary that `response` has.
async fn compaction(response: Response, kept: Vec<Box<RawValue>>) -> Result<Response, ApiError> {
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, MOST_BYTES).await.map_err(ApiError::internal)?;
    let summary: Summary = serde_json::from_slice(&body).map_err(ApiError::internal)?;
    if summary.object == "response.compaction" {
        // The backend's own, whole.
        return Ok((parts, body).into_response());
    }
    let items = kept.iter().chain(&summary.output).map(|item| item.get());
    let object = format!(
        "{{\"id\":{},\"object\":\"response.compaction\",\"created_at\":{},\"output\":[{}],\"usage\":{}}}",
        summary.id,
        summary.created_at,
        items.collect::<Vec<_>>().join(","),
        summary.usage
    );
    parts.headers.remove(CONTENT_LENGTH);
    Ok((parts, object).into_response())
}
