//! The settings of the whole installation.

use axum::extract::State;
use domain::models::ModelId;
use domain::models::settings::{Origin, PasswordPolicy, ResponsesStore, Settings, UnpricedModels};
use service::http::ApiError;
use service::http::extract::{Actor, IfMatch, version_conflict};
use service::http::json::{Body, Data};
use service::http::managed::constraint::{max_items, within};
use service::managed_object;
use service::store::{Change, Store};

use crate::app::App;
use crate::models::no_default_model;

const MAX_RETENTION_DAYS: u32 = 3650;
const MAX_ORIGINS: usize = 50;

managed_object! {
    Settings: SettingsPatch {
        required registration_enabled: bool;
        nullable default_model:        ModelId;
        required log_retention_days:   u32, within(1..=MAX_RETENTION_DAYS);
        required request_log:          bool;
        nullable cors_origins:         Vec<Origin>, max_items(MAX_ORIGINS, "origins");
        nullable password_policy:      PasswordPolicy;
        required show_backend_id:      bool;
        required unpriced_models:      UnpricedModels;
        required responses_store:      ResponsesStore;
        required responses_retention_days: u32, within(1..=MAX_RETENTION_DAYS);
    }
}

/// `GET /api/v1/admin/settings`
pub(crate) async fn show(State(app): State<App>) -> Result<Data<Settings>, ApiError> {
    Ok(Data(app.store.read_settings().await?))
}

/// `PUT /api/v1/admin/settings`
pub(crate) async fn update(
    State(app): State<App>,
    actor: Actor,
    expected: IfMatch,
    Body(patch): Body<SettingsPatch>,
) -> Result<Data<Settings>, ApiError> {
    let old = app.store.read_settings().await?;
    let mut settings = old.clone();
    expected.check(patch.version, settings.version)?;
    let now = app.store.clock().now();
    patch.apply(&mut settings)?;
    settings.updated_at = Some(now);
    settings.version += 1;
    if let Some(id) = patch.default_model.value() {
        check_model(&app.store, id).await?;
    }
    let audit = actor
        .audit(now, "settings.update", "settings", patch.changed())
        .telling(&old, &settings);
    match app.store.update_settings(&settings, &audit).await? {
        Change::Done => Ok(Data(settings)),
        Change::Conflict => Err(version_conflict()),
    }
}

async fn check_model(store: &Store, id: &ModelId) -> Result<(), ApiError> {
    match store.model(id).await? {
        Some(_) => Ok(()),
        None => Err(no_default_model(id)),
    }
}
