//! `GET /v1/quota`: the limits of a key and of its owner, for programs such as the status lines of coding agents (G21).

use axum::extract::State;
use service::http::ApiError;
use service::http::caller::ApiCaller;
use service::http::json::Data;
use service::http::quota::Quota;

use crate::app::App;

/// `GET /v1/quota`
pub(crate) async fn show(State(app): State<App>, caller: ApiCaller) -> Result<Data<Quota>, ApiError> {
    Quota::of_key(&app.store, &caller.user, &caller.key).await.map(Data)
}
