//! The own limits.

use axum::extract::State;
use service::http::ApiError;
use service::http::caller::SessionCaller;
use service::http::json::Data;
use service::http::quota::Quota;

use crate::app::App;

/// `GET /api/v1/user/quota`
pub(crate) async fn show(State(app): State<App>, caller: SessionCaller) -> Result<Data<Quota>, ApiError> {
    Quota::of(&app.store, &caller.user).await.map(Data)
}
