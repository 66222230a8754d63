//! A person's limits, as the person sees them.

use axum::extract::State;
use domain::models::UserId;
use service::http::ApiError;
use service::http::extract::{Actor, Id};
use service::http::json::Data;
use service::http::quota::Quota;

use super::visible::visible;
use crate::app::App;

/// `GET /api/v1/admin/users/{id}/quota`
pub(crate) async fn show(State(app): State<App>, actor: Actor, Id(id): Id<UserId>) -> Result<Data<Quota>, ApiError> {
    let user = visible(&app, &actor, &id).await?;
    Quota::of(&app.store, &user).await.map(Data)
}
