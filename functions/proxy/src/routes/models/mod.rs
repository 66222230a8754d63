//! `GET /v1/models`: the models that a key may use, in a form that the SDKs of `OpenAI` and of Anthropic both read
//! (translation.md §7, §7.1).

mod codex;
mod object;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::models::catalog::Entry;
use serde::Deserialize;
use serde_json::{Value, json};
use service::http::ApiError;
use service::http::caller::ApiCaller;
use service::http::extract::{Id, Query};

use crate::app::App;
use crate::grant::{Rights, unknown_model};
use object::object;

/// The query of a client for the list: Anthropic's paging, and for Codex a catalog of its own form, for which it tells
/// its version (ML3). Other members are ignored, and clients of `OpenAI`, which send none, get all models (ML5).
#[derive(Debug, Deserialize)]
pub(crate) struct Wish {
    limit: Option<usize>,
    after_id: Option<String>,
    before_id: Option<String>,
    client_version: Option<String>,
}

/// `GET /v1/models`
pub(crate) async fn list(
    State(app): State<App>,
    caller: ApiCaller,
    Query(wish): Query<Wish>,
) -> Result<Json<Value>, ApiError> {
    let rights = Rights::of(&app.store, caller).await?;
    let usable: Vec<&Entry> = rights
        .entries()
        .map(Arc::as_ref)
        .filter(|entry| has_backend(entry))
        .collect();
    let names = names(&usable);
    let (page, has_more) = wish.page_of(&names);
    let mut list = json!({
        "object": "list",
        "data": page.iter().map(|(name, entry)| object(&entry.model, name)).collect::<Vec<_>>(),
        "has_more": has_more,
        "first_id": page.first().map(|(name, _)| name),
        "last_id": page.last().map(|(name, _)| name),
    });
    if wish.client_version.is_some() {
        list["models"] = codex::models(&usable);
    }
    Ok(Json(list))
}

/// `GET /v1/models/{id}`, by any name that the model has, a glob's included (ML2).
pub(crate) async fn find(
    State(app): State<App>,
    caller: ApiCaller,
    Id(name): Id<String>,
) -> Result<Json<Value>, ApiError> {
    let rights = Rights::of(&app.store, caller).await?;
    let entry = rights.entry(&name)?;
    if has_backend(entry) {
        Ok(Json(object(&entry.model, &name)))
    } else {
        Err(unknown_model(&name))
    }
}

/// The ids and exact aliases of `entries`, in order, each with what it means: an id before another model's alias.
fn names<'a>(entries: &[&'a Entry]) -> Vec<(&'a str, &'a Entry)> {
    let aliases = |entry: &'a Entry| entry.model.exact_aliases().map(move |alias| (alias.as_str(), entry));
    let mut names: BTreeMap<&str, &Entry> = entries.iter().copied().flat_map(aliases).collect();
    names.extend(entries.iter().map(|entry| (entry.model.id.as_str(), *entry)));
    names.into_iter().collect()
}

/// A model without an enabled backend is hidden: a request for it would fail.
fn has_backend(entry: &Entry) -> bool {
    entry.backends.iter().any(|backend| backend.enabled)
}

impl Wish {
    /// The page of `names`, and true if there are more in that direction.
    fn page_of<'a, T>(&self, names: &'a [(&str, T)]) -> (&'a [(&'a str, T)], bool) {
        let position = |id: &Option<String>| {
            let id = id.as_deref()?;
            names.iter().position(|(name, _)| *name == id)
        };
        let limit = self.limit.unwrap_or(usize::MAX).max(1);
        if let Some(before) = position(&self.before_id) {
            let start = before.saturating_sub(limit);
            return (&names[start..before], start > 0);
        }
        let rest = &names[position(&self.after_id).map_or(0, |after| after + 1)..];
        (&rest[..limit.min(rest.len())], rest.len() > limit)
    }
}
