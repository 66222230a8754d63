//! The settings of the whole installation.

use axum::extract::State;
use domain::models::ModelId;
use domain::models::settings::{Origin, PasswordPolicy, Settings};
use jiff::Timestamp;
use serde::Deserialize;
use service::http::ApiError;
use service::http::extract::{Actor, IfMatch, version_conflict};
use service::http::json::{Body, Data, nullable};
use service::store::Change;

use crate::App;

const MAX_RETENTION_DAYS: u32 = 3650;
const MAX_ORIGINS: usize = 50;

/// A change: absent fields stay, `null` goes back to the default.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingsChange {
    registration_enabled: Option<bool>,
    #[serde(default, deserialize_with = "nullable")]
    default_model: Option<Option<ModelId>>,
    log_retention_days: Option<u32>,
    request_log: Option<bool>,
    #[serde(default, deserialize_with = "nullable")]
    cors_origins: Option<Option<Vec<Origin>>>,
    #[serde(default, deserialize_with = "nullable")]
    password_policy: Option<Option<PasswordPolicy>>,
    show_backend_id: Option<bool>,
    version: Option<u64>,
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
    Body(change): Body<SettingsChange>,
) -> Result<Data<Settings>, ApiError> {
    let old = app.store.read_settings().await?;
    expected.check(change.version, old.version)?;
    change.check(&app).await?;
    let now = app.store.clock().now();
    let entry = actor.entry(now, "settings.update", "settings", change.fields());
    let settings = change.apply(old, now);
    match app.store.update_settings(&settings, &entry).await? {
        Change::Done => Ok(Data(settings)),
        Change::Conflict => Err(version_conflict()),
    }
}

impl SettingsChange {
    async fn check(&self, app: &App) -> Result<(), ApiError> {
        if self
            .log_retention_days
            .is_some_and(|days| !(1..=MAX_RETENTION_DAYS).contains(&days))
        {
            return Err(ApiError::invalid(
                "log_retention_days",
                format!("must be 1 to {MAX_RETENTION_DAYS}"),
            ));
        }
        if self
            .cors_origins
            .iter()
            .flatten()
            .any(|origins| origins.len() > MAX_ORIGINS)
        {
            return Err(ApiError::invalid(
                "cors_origins",
                format!("may name at most {MAX_ORIGINS} origins"),
            ));
        }
        match &self.default_model {
            Some(Some(id)) if app.store.model(id).await?.is_none() => Err(ApiError::invalid(
                "default_model",
                format!("there is no model {:?}", id.as_str()),
            )),
            _ => Ok(()),
        }
    }

    /// The names of the fields that are given, for the audit trail.
    fn fields(&self) -> Vec<String> {
        let given = [
            ("registration_enabled", self.registration_enabled.is_some()),
            ("default_model", self.default_model.is_some()),
            ("log_retention_days", self.log_retention_days.is_some()),
            ("request_log", self.request_log.is_some()),
            ("cors_origins", self.cors_origins.is_some()),
            ("password_policy", self.password_policy.is_some()),
            ("show_backend_id", self.show_backend_id.is_some()),
        ];
        given
            .into_iter()
            .filter(|(_, given)| *given)
            .map(|(field, _)| field.to_owned())
            .collect()
    }

    fn apply(self, old: Settings, now: Timestamp) -> Settings {
        Settings {
            registration_enabled: self.registration_enabled.unwrap_or(old.registration_enabled),
            default_model: self.default_model.unwrap_or(old.default_model),
            log_retention_days: self.log_retention_days.unwrap_or(old.log_retention_days),
            request_log: self.request_log.unwrap_or(old.request_log),
            cors_origins: self.cors_origins.map_or(old.cors_origins, Option::unwrap_or_default),
            password_policy: self.password_policy.unwrap_or(old.password_policy),
            show_backend_id: self.show_backend_id.unwrap_or(old.show_backend_id),
            updated_at: Some(now),
            version: old.version + 1,
        }
    }
}
