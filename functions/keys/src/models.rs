//! The models that a person may use, for pages that offer a choice: what they are called, cost and can do.

use std::sync::Arc;

use axum::extract::State;
use domain::models::catalog::{Backend, Entry, Model};
use domain::models::price::{Price, PriceEntry};
use domain::models::{DisplayName, ModelId, ModelName};
use jiff::Timestamp;
use serde::Serialize;
use service::http::caller::SessionCaller;
use service::http::page::List;
use service::http::{ApiError, refusal};
use translators::settings::{BackendSettings, Effort};

use crate::app::App;

#[derive(Serialize)]
pub(crate) struct UsableModel {
    id: ModelId,
    name: DisplayName,
    description: Option<String>,
    aliases: Vec<ModelName>,
    context_window: Option<u64>,
    max_output_tokens: Option<u64>,
    prices: Vec<PriceEntry>,
    input_price: Option<Price>,
    cached_input_price: Option<Price>,
    output_price: Option<Price>,
    /// True if a backend can be called now.
    available: bool,
    /// True if each of its backends takes images.
    vision: bool,
    /// The efforts of thinking that each of its backends knows.
    thinking: Vec<Effort>,
}

/// `GET /api/v1/user/models`: those of `GET /v1/models` with a key of all models.
pub(crate) async fn list(State(app): State<App>, caller: SessionCaller) -> Result<List<UsableModel>, ApiError> {
    let store = &app.store;
    let (catalog, policy) = tokio::try_join!(store.catalog(), store.policy(&caller.user.quota_policy))?;
    let policy = policy.ok_or_else(refusal::no_policy)?;
    let now = store.clock().now();
    let allowed = |entry: &&Arc<Entry>| entry.model.enabled && policy.allows_model(entry.model.id.as_str());
    let usable = catalog
        .entries()
        .filter(allowed)
        .filter_map(|entry| UsableModel::of(entry, now));
    Ok(List::whole(usable.collect()))
}

impl UsableModel {
    /// The model, unless it has no enabled backend: a request for it would fail.
    fn of(entry: &Entry, now: Timestamp) -> Option<Self> {
        let enabled: Vec<&Backend> = entry.backends.iter().filter(|backend| backend.enabled).collect();
        let settings: Vec<BackendSettings> = enabled.iter().map(|backend| settings(backend)).collect();
        if settings.is_empty() {
            return None;
        }
        let Model {
            id,
            name,
            description,
            aliases,
            ..
        } = entry.model.clone();
        Some(Self {
            id,
            name,
            description,
            aliases,
            context_window: entry.model.context_window,
            max_output_tokens: entry.model.max_output_tokens,
            prices: entry.model.prices.clone(),
            input_price: entry.model.input_price,
            cached_input_price: entry.model.cached_input_price,
            output_price: entry.model.output_price,
            available: enabled.iter().any(|backend| backend.health.usable(now)),
            vision: settings.iter().all(|settings| settings.vision),
            thinking: BackendSettings::efforts_of_all(&settings),
        })
    }
}

/// The settings of the backend's API. Those of a version that knows more count as none.
fn settings(backend: &Backend) -> BackendSettings {
    BackendSettings::of_entry(backend.preset.as_deref(), &backend.settings).unwrap_or_default()
}
