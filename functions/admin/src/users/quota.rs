//! A person's limits: as the person sees them, and set back by administrators.

use axum::extract::State;
use domain::access::quota::{LimitName, Limits};
use domain::models::UserId;
use serde::Deserialize;
use service::http::ApiError;
use service::http::extract::{Actor, Id};
use service::http::json::{Body, Data};
use service::http::quota::Quota;
use service::http::refusal;

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
    limits: Vec<LimitName>,
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
    let policy = app.store.policy_of(&user).await?.ok_or_else(refusal::no_policy)?;
    let held = Limits::from(&*policy);
    check(&limits, &held)?;
    let names = limits.iter().map(ToString::to_string).collect();
    let before = Quota::of(&app.store, &user).await?;
    let audit = actor.audit(app.store.clock().now(), "quota.reset", &id, names);
    let audit = audit.telling(&before.used(), &());
    app.store.reset_quota(&id, (&limits, &held), &audit).await?;
    Quota::of(&app.store, &user).await.map(Data)
}

fn check(names: &[LimitName], held: &Limits) -> Result<(), ApiError> {
    if names.is_empty() {
        return Err(ApiError::invalid("limits", "must name at least one limit"));
    }
    for (place, name) in names.iter().enumerate() {
        let refused = |message: String| Err(ApiError::invalid(format!("limits[{place}]"), message));
        if name.is_concurrency() {
            return refused(format!(
                "requests under way cannot be taken back: `{name}` counts nothing else"
            ));
        }
        let is_held = || held.rules.iter().any(|rule| rule.name == *name);
        if matches!(name, LimitName::Listed(..)) && !is_held() {
            return refused(format!("the policy has no limit `{name}`"));
        }
    }
    Ok(())
}
