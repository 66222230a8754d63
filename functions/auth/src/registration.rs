//! People who ask for an account: an administrator decides whether they get it (promise 5).

use axum::extract::State;
use axum::response::IntoResponse;
use domain::access::password::PasswordPolicy;
use domain::models::sso::{ProviderKind, SsoConfig};
use domain::models::user::{Password, Status, User};
use domain::models::{DisplayName, Email};
use domain::secret::Secret;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use service::http::json::{Body, Data, Message};
use service::http::language::Language;
use service::http::origin::Origin;
use service::http::{ApiError, Code};

use crate::app::App;
use crate::login_permit::count_registration;
use crate::sso;

/// The body of a registration, from anybody.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Registration {
    email: Email,
    password: String,
    name: DisplayName,
}

/// `POST /api/v1/auth/register`. The response is the same whether the address is free or taken (promise 3).
pub(crate) async fn register(
    State(app): State<App>,
    language: Language,
    origin: Origin,
    Body(registration): Body<Registration>,
) -> Result<impl IntoResponse, ApiError> {
    count_registration(&app.store, origin.address).await?;
    let settings = app.store.settings().await?;
    if !settings.registration_enabled {
        return Err(ApiError::new(
            Code::RegistrationDisabled,
            "registration is switched off; ask an administrator",
        ));
    }
    let Registration { email, password, name } = registration;
    settings
        .password_policy(app.password_policy)
        .check(&password, &email, &name)?;
    // Also for an address that is taken, so that the response takes as long.
    let password_hash = app.registrations.hash(Secret::from(password)).await?;
    let now = app.store.clock().now();
    let user = User {
        status: Status::Pending,
        password: Password::Hash(password_hash),
        ..User::new(email, name, now)
    };
    // An address that is taken gets the same response.
    let _ = app
        .store
        .create_user(&user, &origin.audit("anonymous", "user.register", &user.id, now))
        .await?;
    let text = language.choose(
        "注册成功,请等待管理员审核",
        "Registered. Please wait for an administrator's approval.",
    );
    Ok((StatusCode::CREATED, Message(text)))
}

/// The ways to log in, for a login page.
#[derive(Serialize)]
pub(crate) struct Options {
    version: &'static str,
    /// The address of `/v1`, if it is not beside these routes.
    api_url: Option<String>,
    registration_enabled: bool,
    password_policy: PasswordPolicy,
    sso: SsoOptions,
}

#[derive(Default, Serialize)]
struct SsoOptions {
    enabled: bool,
    provider: Option<ProviderKind>,
    login_url: Option<String>,
}

impl From<SsoConfig> for SsoOptions {
    fn from(config: SsoConfig) -> Self {
        Self {
            enabled: true,
            provider: Some(config.provider),
            login_url: Some(config.login_url()),
        }
    }
}

/// `GET /api/v1/auth/options`
pub(crate) async fn options(State(app): State<App>) -> Result<Data<Options>, ApiError> {
    let settings = app.store.settings().await?;
    let sso = sso::configured(&app).await?.map(SsoOptions::from).unwrap_or_default();
    Ok(Data(Options {
        version: env!("CARGO_PKG_VERSION"),
        api_url: app.api_url.as_deref().map(ToOwned::to_owned),
        registration_enabled: settings.registration_enabled,
        password_policy: settings.password_policy(app.password_policy),
        sso,
    }))
}
