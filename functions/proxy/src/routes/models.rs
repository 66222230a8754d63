//! `GET /v1/models`: the models that a key may use, in a form that the SDKs of `OpenAI` and of Anthropic both read
//! (translation.md §7).

use axum::Json;
use axum::extract::State;
use domain::models::catalog::{Entry, Model};
use serde::Deserialize;
use serde_json::{Value, json};
use service::http::ApiError;
use service::http::caller::ApiCaller;
use service::http::extract::{Id, Query};

use crate::app::App;
use crate::grant::{Rights, unknown_model};

/// Anthropic's paging. Clients of `OpenAI` send no such parameter and get all models.
#[derive(Debug, Deserialize)]
pub(crate) struct Paging {
    limit: Option<usize>,
    after_id: Option<String>,
    before_id: Option<String>,
}

/// `GET /v1/models`
pub(crate) async fn list(
    State(app): State<App>,
    caller: ApiCaller,
    Query(paging): Query<Paging>,
) -> Result<Json<Value>, ApiError> {
    let rights = Rights::of(&app.store, caller).await?;
    let usable: Vec<&Model> = rights
        .entries()
        .filter(|entry| has_backend(entry))
        .map(|entry| &entry.model)
        .collect();
    let (page, has_more) = paging.cut(&usable);
    Ok(Json(json!({
        "object": "list",
        "data": page.iter().map(|model| object(model)).collect::<Vec<_>>(),
        "has_more": has_more,
        "first_id": page.first().map(|model| &model.id),
        "last_id": page.last().map(|model| &model.id),
    })))
}

/// `GET /v1/models/{id}`
pub(crate) async fn find(
    State(app): State<App>,
    caller: ApiCaller,
    Id(name): Id<String>,
) -> Result<Json<Value>, ApiError> {
    let rights = Rights::of(&app.store, caller).await?;
    let entry = rights.entry(&name)?;
    if has_backend(entry) {
        Ok(Json(object(&entry.model)))
    } else {
        Err(unknown_model(&name))
    }
}

/// A model without an enabled backend is hidden: a request for it would fail.
fn has_backend(entry: &Entry) -> bool {
    entry.backends.iter().any(|backend| backend.enabled)
}

fn object(model: &Model) -> Value {
    let mut object = json!({
        "id": model.id,
        "type": "model",
        "object": "model",
        "display_name": model.name,
        "created_at": model.created_at,
        "created": model.created_at.as_second(),
        "owned_by": "gateway",
        "lifecycle": "active",
    });
    for (name, value) in [
        ("max_input_tokens", model.context_window),
        ("max_tokens", model.max_output_tokens),
    ] {
        if let Some(value) = value {
            object[name] = value.into();
        }
    }
    object
}

impl Paging {
    /// The page of `models`, and true if there are more in that direction.
    fn cut<'a, 'm>(&self, models: &'a [&'m Model]) -> (&'a [&'m Model], bool) {
        let position = |id: &Option<String>| {
            id.as_deref()
                .and_then(|id| models.iter().position(|model| model.id.as_str() == id))
        };
        let limit = self.limit.unwrap_or(usize::MAX).max(1);
        if let Some(before) = position(&self.before_id) {
            let start = before.saturating_sub(limit);
            return (&models[start..before], start > 0);
        }
        let rest = &models[position(&self.after_id).map_or(0, |after| after + 1)..];
        (&rest[..limit.min(rest.len())], rest.len() > limit)
    }
}
