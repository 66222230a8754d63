//! The configuration of single sign-on, as logins use it.

use domain::models::sso::SsoConfig;
use domain::secret::Secret;
use service::store::StoreError;

use super::error::SsoError;
use crate::app::App;

/// The configuration, while single sign-on is on.
pub(crate) async fn configured(app: &App) -> Result<Option<SsoConfig>, StoreError> {
    Ok(app.store.sso_config().await?.filter(|config| config.enabled))
}

/// The configuration, or the refusal of a login while single sign-on is off.
pub(crate) async fn enabled(app: &App) -> Result<SsoConfig, SsoError> {
    configured(app).await?.ok_or(SsoError::Off)
}

/// The secret that the client authenticates with; a public client has none.
pub(super) async fn client_secret(app: &App, config: &SsoConfig) -> Result<Option<Secret>, SsoError> {
    match config.secret_name() {
        Some(name) => Ok(app.secrets.get(&name).await?),
        None => Ok(None),
    }
}
