//! The alerts that were made, for administrators.

use axum::extract::State;
use domain::models::alert::Alert;
use serde_json::Value;
use service::http::ApiError;
use service::http::page::List;

use crate::app::App;

/// `GET /api/v1/admin/alerts`: the latest, those that are still to be delivered first.
pub(crate) async fn list(State(app): State<App>) -> Result<List<Value>, ApiError> {
    let alerts = app.store.latest_alerts().await?;
    Ok(List::whole(alerts.iter().map(shown).collect()))
}

fn shown(alert: &Alert) -> Value {
    let mut shown = alert.shown();
    for (name, value) in [
        ("attempts", alert.attempts.into()),
        ("sent_at", alert.sent_at.map(|at| at.to_string()).into()),
        ("failure", alert.failure.clone().into()),
    ] {
        shown[name] = value;
    }
    shown
}
