//! A person's limits: as the person sees them, and set back by administrators.

use axum::extract::State;
use domain::access::quota::Limit;
use domain::models::UserId;
use serde::Deserialize;
use service::http::ApiError;
use service::http::extract::{Actor, Id};
use service::http::json::{Body, Data};
use service::http::quota::Quota;

use super::visible::visible;
use crate::app::App;

/// `GET /api/v1/admin/users/{id}/quota`
pub(crate) async fn show(State(app): State<App>, actor: Actor, Id(id): Id<UserId>) -> Result<Data<Quota>, ApiError> {
    let user = visible(&app, &actor, &id).await?;
    Quota::of(&app.store, &user).await.map(Data)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reset {
    limits: Vec<Limit>,
}

/// `POST /api/v1/admin/users/{id}/quota/reset`: what was used of these limits counts no more. What requests under way
/// have reserved stays, until they end.
pub(crate) async fn reset(
    State(app): State<App>,
    actor: Actor,
    Id(id): Id<UserId>,
    Body(Reset { limits }): Body<Reset>,
) -> Result<Data<Quota>, ApiError> {
    let user = visible(&app, &actor, &id).await?;
    check(&limits)?;
    let names = limits.iter().map(|limit| limit.field().to_owned()).collect();
    let before = Quota::of(&app.store, &user).await?;
    let audit = actor.audit(app.store.clock().now(), "quota.reset", &id, names);
    let audit = audit.telling(&before.used(), &());
    app.store.reset_quota(&id, &limits, &audit).await?;
    Quota::of(&app.store, &user).await.map(Data)
}

fn check(limits: &[Limit]) -> Result<(), ApiError> {
    if limits.is_empty() {
        return Err(ApiError::invalid("limits", "must name at least one limit"));
    }
    match limits.iter().position(|limit| *limit == Limit::MaxConcurrency) {
        Some(place) => Err(ApiError::invalid(
            format!("limits[{place}]"),
            "requests under way cannot be taken back: `max_concurrency` counts nothing else",
        )),
        None => Ok(()),
    }
}
