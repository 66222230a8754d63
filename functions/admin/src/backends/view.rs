//! Backends as administrators see them: with their health, and never with their keys (promise 22).

use std::collections::HashMap;

use domain::models::BackendId;
use domain::models::catalog::Backend;
use domain::models::health::Health;
use jiff::Timestamp;
use serde_json::{Value, json};
use service::http::ApiError;
use service::store::Store;

/// `backends` as they are now.
pub(super) async fn shown_all<'a>(
    store: &Store,
    backends: impl Iterator<Item = &'a Backend>,
) -> Result<Vec<Value>, ApiError> {
    let backends: Vec<&Backend> = backends.collect();
    let limited = backends.iter().filter(|backend| backend.max_concurrency > 0);
    let under_way = store.leases_taken(limited.map(|backend| &backend.id)).await?;
    let now = store.clock().now();
    Ok(backends
        .into_iter()
        .map(|backend| shown(backend, &under_way, now))
        .collect())
}

/// `backend` as it is now.
pub(super) async fn shown_one(store: &Store, backend: &Backend) -> Result<Value, ApiError> {
    let shown = shown_all(store, [backend].into_iter()).await?;
    Ok(shown.into_iter().next().unwrap_or_default())
}

fn shown(backend: &Backend, under_way: &HashMap<BackendId, usize>, now: Timestamp) -> Value {
    let Backend {
        id,
        model_id,
        name,
        base_url,
        model_name,
        weight,
        region,
        enabled,
        protocol,
        auth,
        api_version,
        preset,
        settings,
        ..
    } = backend;
    // Requests are counted for all processes together only where their number is limited.
    let under_way = (backend.max_concurrency > 0).then(|| under_way.get(id).copied().unwrap_or_default());
    json!({
        "id": id, "model_id": model_id, "name": name, "base_url": base_url, "model_name": model_name, "weight": weight,
        "region": region, "enabled": enabled, "healthy": backend.health.healthy,
        "last_check_at": backend.health.last_check_at, "health": shown_health(&backend.health, under_way, now),
        "has_api_key": backend.secret.is_some(), "protocol": protocol, "auth": auth, "api_version": api_version,
        "preset": preset, "settings": settings,
        "max_concurrency": backend.max_concurrency, "timeout_ms": backend.timeout_ms,
        "idle_timeout_ms": backend.idle_timeout_ms, "headers": backend.headers, "health_path": backend.health_path,
        "created_at": backend.created_at, "updated_at": backend.updated_at, "version": backend.version,
    })
}

/// The health of a backend, as far as it tells why it is out and until when.
fn shown_health(health: &Health, under_way: Option<usize>, now: Timestamp) -> Value {
    json!({
        "state": health.availability(now), "reason": health.last_failure, "since": health.since,
        "until": health.ejected_at(now), "failures": health.failures, "latency_ms": health.latency_ms,
        "finding": health.finding, "last_error": health.last_error, "under_way": under_way, "turns": health.turns,
    })
}
