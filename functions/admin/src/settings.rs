//! The settings of the whole installation.

use axum::extract::State;
use domain::models::notify::Notify;
use domain::models::settings::{
    AlertsSecret, DeviceFlow, Origin, PasswordPolicy, ResponsesStore, Settings, UnpricedModels,
};
use domain::models::{ModelId, SecretId};
use domain::secret::Secret;
use ipnet::IpNet;
use serde::Serialize;
use service::http::extract::{Actor, IfMatch, version_conflict};
use service::http::json::{Body, Data};
use service::http::managed::constraint::{max_chars, max_items, within};
use service::http::managed::member::Given as _;
use service::http::{ApiError, Code};
use service::managed_object;
use service::store::{Change, Store};

use crate::app::App;
use crate::models::no_default_model;
use crate::secret_change::write_with_secret;

const MAX_RETENTION_DAYS: u32 = 3650;
const MAX_ORIGINS: usize = 50;
const MAX_NETWORKS: usize = 50;
const MAX_NOTICE: usize = 1000;
const MAX_SECRET: usize = 4096;
/// The owner of the signing secret among all whose fingerprints are kept: no id of a backend has a blank.
const OWNER: &str = "webhooks of alerts";

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
        required sign_in_enabled:      bool;
        required access_token_seconds: u32, within(60..=86_400);
        required sign_in_minutes:      u32, within(2..=43_200);
        required device_flow:          DeviceFlow;
        nullable company_networks:     Vec<IpNet>, max_items(MAX_NETWORKS, "networks");
        nullable login_notice:         String, max_chars(MAX_NOTICE);
        nullable alerts:               Notify;
        secret   alerts_secret:        String;
    }
}

/// The settings without what names the signing secret.
#[derive(Serialize)]
pub(crate) struct SettingsResponse {
    #[serde(flatten)]
    settings: Settings,
    has_alerts_secret: bool,
}

impl From<Settings> for SettingsResponse {
    fn from(mut settings: Settings) -> Self {
        Self {
            has_alerts_secret: settings.alerts_secret.take().is_some(),
            settings,
        }
    }
}

/// `GET /api/v1/admin/settings`
pub(crate) async fn show(State(app): State<App>) -> Result<Data<SettingsResponse>, ApiError> {
    Ok(Data(app.store.read_settings().await?.into()))
}

/// `PUT /api/v1/admin/settings`
pub(crate) async fn update(
    State(app): State<App>,
    actor: Actor,
    expected: IfMatch,
    Body(patch): Body<SettingsPatch>,
) -> Result<Data<SettingsResponse>, ApiError> {
    let old = app.store.read_settings().await?;
    expected.check(patch.version, old.version)?;
    let settings = changed(&app, &patch, &old).await?;
    let audit = actor
        .audit(app.store.clock().now(), "settings.update", "settings", patch.changed())
        .telling(&told(&old), &told(&settings));
    let secret = patch.alerts_secret.value().map(|secret| Secret::from(secret.as_str()));
    let named = settings.alerts_secret_name().zip(secret.as_ref());
    let write = async {
        let change = app.store.update_settings(&settings, &audit).await?;
        Ok((change == Change::Conflict).then(version_conflict))
    };
    write_with_secret(&app, named, write).await?;
    let retired = old
        .alerts_secret
        .filter(|old| settings.alerts_secret.as_ref() != Some(old));
    if let Some(retired) = retired {
        app.secrets.delete(&retired.name()).await?;
    }
    Ok(Data(settings.into()))
}

/// The settings after the change, if they can be so.
async fn changed(app: &App, patch: &SettingsPatch, old: &Settings) -> Result<Settings, ApiError> {
    let mut settings = old.clone();
    patch.apply(&mut settings)?;
    settings.updated_at = Some(app.store.clock().now());
    settings.version += 1;
    if let Some(id) = patch.default_model.value() {
        check_model(&app.store, id).await?;
    }
    check_webhook(app, "alerts.webhook", patch.alerts.value())?;
    check_secret(patch)?;
    if patch.alerts_secret.is_given() {
        let keys = app.signing_keys.keys().await?;
        let new = patch.alerts_secret.value().map(|secret| AlertsSecret {
            id: SecretId::generate(),
            fingerprint: keys.fingerprint(OWNER, secret),
        });
        settings.alerts_secret = new;
    }
    Ok(settings)
}

/// The settings as the audit trail tells them: without the names of secrets and the tokens in addresses.
fn told(settings: &Settings) -> Settings {
    Settings {
        alerts: settings.alerts.as_ref().map(Notify::told),
        alerts_secret: None,
        ..settings.clone()
    }
}

/// Refuses a webhook that must not be called.
pub(crate) fn check_webhook(app: &App, field: &str, notify: Option<&Notify>) -> Result<(), ApiError> {
    let webhook = notify.and_then(|notify| notify.webhook.as_deref());
    let Some(Err(problem)) = webhook.map(|webhook| app.rules.networks.webhook(webhook)) else {
        return Ok(());
    };
    Err(ApiError::new(Code::InvalidBaseUrl, format!("the webhook {problem}")).field(field))
}

/// Refuses a signing secret that is none.
pub(crate) fn check_secret(patch: &SettingsPatch) -> Result<(), ApiError> {
    match patch.alerts_secret.value() {
        Some(text) if text.is_empty() || text.len() > MAX_SECRET => Err(ApiError::invalid(
            "alerts_secret",
            format!("must have 1 to {MAX_SECRET} bytes"),
        )),
        Some(_) | None => Ok(()),
    }
}

/// True if the patch gives a signing secret that `old` does not have.
pub(crate) async fn is_new_secret(app: &App, patch: &SettingsPatch, old: &Settings) -> Result<bool, ApiError> {
    let (Some(secret), Some(known)) = (patch.alerts_secret.value(), &old.alerts_secret) else {
        return Ok(patch.alerts_secret.value().is_some());
    };
    let keys = app.signing_keys.keys().await?;
    Ok(!keys.is_fingerprint(OWNER, secret, &known.fingerprint))
}

async fn check_model(store: &Store, id: &ModelId) -> Result<(), ApiError> {
    match store.model(id).await? {
        Some(_) => Ok(()),
        None => Err(no_default_model(id)),
    }
}
