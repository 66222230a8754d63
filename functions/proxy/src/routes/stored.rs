//! Stored responses, read and deleted by their owner (ST7). Nobody else learns that they are there.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use service::http::caller::ApiCaller;
use service::http::error::shown;
use service::http::extract::{Id, Query};
use service::http::{ApiError, Code};

use crate::app::App;
use crate::stored::{Listing, Record, Shelf, unreadable};

#[derive(Debug, Deserialize)]
pub(crate) struct Wish {
    #[serde(default)]
    stream: bool,
}

/// `GET /v1/responses/{id}`
pub(crate) async fn show(
    State(app): State<App>,
    caller: ApiCaller,
    Id(id): Id<String>,
    Query(wish): Query<Wish>,
) -> Result<Json<Box<RawValue>>, ApiError> {
    if wish.stream {
        let message = "stream is not supported here; the response has ended.";
        return Err(ApiError::new(Code::UnsupportedParameter, message).field("stream"));
    }
    let record = find(&app, &caller, &id).await?;
    Ok(Json(record.response().to_owned()))
}

/// `GET /v1/responses/{id}/input_items`
pub(crate) async fn input_items(
    State(app): State<App>,
    caller: ApiCaller,
    Id(id): Id<String>,
    Query(listing): Query<Listing>,
) -> Result<Json<Value>, ApiError> {
    let record = find(&app, &caller, &id).await?;
    listing.page(&id, &record).map(Json)
}

/// `DELETE /v1/responses/{id}`
pub(crate) async fn delete(
    State(app): State<App>,
    caller: ApiCaller,
    Id(id): Id<String>,
) -> Result<Json<Value>, ApiError> {
    if shelf(&app, &caller).await?.delete(&id).await? {
        Ok(Json(json!({"id": id, "object": "response", "deleted": true})))
    } else {
        Err(not_found(&id))
    }
}

/// `POST /v1/responses/{id}/cancel`: what is stored has ended.
pub(crate) async fn cancel(
    State(app): State<App>,
    caller: ApiCaller,
    Id(id): Id<String>,
) -> Result<Json<Value>, ApiError> {
    find(&app, &caller, &id).await?;
    let message = "Only responses with background=true can be cancelled, and there are none here.";
    Err(ApiError::new(Code::UnsupportedParameter, message))
}

async fn find(app: &App, caller: &ApiCaller, id: &str) -> Result<Record, ApiError> {
    let found = shelf(app, caller).await?.find(id).await?;
    found.ok_or_else(|| not_found(id))
}

async fn shelf(app: &App, caller: &ApiCaller) -> Result<Shelf, ApiError> {
    let seals = app.seals(&caller.user.id).await;
    Ok(Shelf::new(app, seals.ok_or_else(unreadable)?))
}

fn not_found(id: &str) -> ApiError {
    ApiError::new(Code::NotFound, format!("Response with id '{}' not found.", shown(id)))
}
