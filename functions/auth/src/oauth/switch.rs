//! The switch of sign-ins, and the program that asks.

use std::sync::Arc;

use domain::access::oauth::client;
use domain::access::sign_in::ClientId;
use domain::models::settings::Settings;
use service::http::ApiError;

use super::error::OAuthError;
use super::form::Form;
use crate::app::App;

/// The settings, while sign-ins are on; else there is no such route.
pub(crate) async fn switched_on(app: &App) -> Result<Arc<Settings>, ApiError> {
    let settings = app.store.settings().await?;
    if settings.sign_in_enabled {
        Ok(settings)
    } else {
        Err(ApiError::not_found("route"))
    }
}

/// The program that a form is of.
pub(super) fn client_of(form: &Form) -> Result<ClientId, OAuthError> {
    client::named(form.get("client_id")).ok_or(OAuthError::UnauthorizedClient)
}
