//! Single sign-on with `OpenID` Connect: to the identity provider, back, and into a session (promises 9 and 10).
//!
//! [`browser`] is what the browser carries, [`provider`] the conversation with the provider, [`account`] the account that a
//! person gets, [`one_time_code`] the way of a session to the console, [`trial`] a login without a person, for administrators.

mod account;
mod browser;
mod error;
mod one_time_code;
mod provider;
mod trial;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::access::digest::{sha256_base64url, sha256_hex};
use domain::access::id_token::Claims;
use domain::models::audit::AuditEntry;
use domain::models::sso::{SsoAttempt, SsoConfig};
use domain::models::user::User;
use domain::random;
use domain::secret::Secret;
use http::HeaderMap;
use serde::Deserialize;
use service::http::ApiError;
use service::http::extract::Query;
use service::http::json::Data;
use service::http::origin::Origin;
use service::store::Taken;

use crate::App;
use crate::session;
use error::SsoError;
use provider::Redemption;

pub(crate) use one_time_code::redeem;
pub(crate) use provider::Provider;
pub use trial::run as try_sso;

/// 256 bits each: a `state`, a nonce, a browser's secret, a one-time code.
const RANDOM: usize = 43;
/// PKCE's verifier has 43 to 128 characters (RFC 7636 §4.1).
const VERIFIER: usize = 64;

/// What the page may say that sends the browser here.
#[derive(Deserialize)]
pub(crate) struct Begin {
    code_challenge: Option<String>,
}

/// What the provider sends the browser back with (RFC 6749 §4.1.2, RFC 9207 §2).
#[derive(Deserialize)]
pub(crate) struct Returned {
    state: Option<String>,
    code: Option<String>,
    iss: Option<String>,
}

/// `GET /api/v1/auth/sso/login`: to the provider. No parameter of the request changes where the browser goes, then or after.
pub(crate) async fn log_in(
    State(app): State<App>,
    origin: Origin,
    Query(Begin { code_challenge }): Query<Begin>,
) -> Result<Response, ApiError> {
    let challenge = code_challenge.map(one_time_code::challenge).transpose()?;
    begin(&app, challenge).await.map_err(|error| told(&origin, error))
}

/// `GET /api/v1/auth/sso/callback`: back from it. Ends at the console, or with the session itself for a program.
pub(crate) async fn call_back(
    State(app): State<App>,
    origin: Origin,
    headers: HeaderMap,
    Query(returned): Query<Returned>,
) -> Result<Response, ApiError> {
    let config = enabled(&app).await.map_err(|error| told(&origin, error))?;
    let arrived = arrive(&app, &config, &origin, &headers, &returned)
        .await
        .map_err(|error| told(&origin, error));
    let mut response = match config.console_url.as_deref().filter(|_| !browser::wants_json(&headers)) {
        Some(console) => to_console(&app, console, arrived).await,
        None => to_program(&app, &origin, arrived).await,
    };
    let (name, forgotten) = browser::cookie(&config, "");
    if let Ok(forgotten) = forgotten.parse() {
        response.headers_mut().append(name, forgotten);
    }
    Ok(response)
}

/// The configuration, while single sign-on is on.
pub(crate) async fn configured(app: &App) -> Result<Option<SsoConfig>, ApiError> {
    Ok(app.store.sso_config().await?.filter(|config| config.enabled))
}

async fn enabled(app: &App) -> Result<SsoConfig, SsoError> {
    app.store
        .sso_config()
        .await?
        .filter(|config| config.enabled)
        .ok_or(SsoError::Off)
}

async fn begin(app: &App, challenge: Option<String>) -> Result<Response, SsoError> {
    let config = enabled(app).await?;
    let known = app.provider.known(&config).await?;
    let (attempt_state, secret) = (random::base62(RANDOM), random::base62(RANDOM));
    let attempt = SsoAttempt {
        nonce: random::base62(RANDOM),
        verifier: random::base62(VERIFIER),
        browser: sha256_hex(&secret),
        challenge,
        config_version: config.version,
    };
    let parameters = [
        ("response_type", "code"),
        ("client_id", &config.client_id),
        ("redirect_uri", &config.redirect_url),
        ("scope", &config.scopes.join(" ")),
        ("state", &attempt_state),
        ("nonce", &attempt.nonce),
        ("code_challenge", &sha256_base64url(&attempt.verifier)),
        ("code_challenge_method", "S256"),
    ];
    let url = app.provider.authorization_url(&known.metadata, &parameters)?;
    app.store.begin_sso(&attempt_state, &attempt).await?;
    Ok(([browser::cookie(&config, &secret)], browser::redirect(url.as_str())).into_response())
}

/// The login that has ended here, and the account of the person who is back, if it may be used.
async fn arrive(
    app: &App,
    config: &SsoConfig,
    origin: &Origin,
    headers: &HeaderMap,
    returned: &Returned,
) -> Result<(SsoAttempt, User), SsoError> {
    let attempt = take_attempt(app, config, headers, returned).await?;
    let user = async {
        let claims = claims(app, config, &attempt, returned).await?;
        account::usable(account::of(app, config, origin, &claims).await?)
    };
    // From here on it is a login that somebody began here; what came before may be anybody's noise.
    match user.await {
        Ok(user) => {
            app.store
                .record(&origin.audit(&user.id, "sso.login", &user.id, app.store.clock().now()))
                .await?;
            Ok((attempt, user))
        }
        Err(error) => {
            let audit = origin.audit("anonymous", "sso.login", &config.issuer_url, app.store.clock().now());
            app.store
                .record(&AuditEntry {
                    result: error.to_string(),
                    ..audit
                })
                .await?;
            Err(error)
        }
    }
}

async fn take_attempt(
    app: &App,
    config: &SsoConfig,
    headers: &HeaderMap,
    returned: &Returned,
) -> Result<SsoAttempt, SsoError> {
    let begun = returned.state.as_deref().ok_or(SsoError::NoAttempt)?;
    let secret = browser::secret(config, headers).unwrap_or_default();
    match app.store.take_sso_attempt(begun, &sha256_hex(secret)).await? {
        Taken::Done(attempt) if attempt.config_version == config.version => Ok(attempt),
        Taken::Done(_) => Err(SsoError::Reconfigured),
        Taken::Gone => Err(SsoError::NoAttempt),
        Taken::Refused => Err(SsoError::OtherBrowser),
    }
}

/// What the provider says of the person.
async fn claims(app: &App, config: &SsoConfig, attempt: &SsoAttempt, returned: &Returned) -> Result<Claims, SsoError> {
    let known = app.provider.known(config).await?;
    let issuer_is_told = known.metadata.authorization_response_iss_parameter_supported;
    if returned
        .iss
        .as_ref()
        .map_or(issuer_is_told, |issuer| *issuer != config.issuer_url)
    {
        return Err(SsoError::ResponseIssuer);
    }
    let code = returned.code.as_deref().ok_or(SsoError::NoCode)?;
    let secret = client_secret(app, config).await?;
    let redemption = Redemption {
        config,
        secret: secret.as_ref(),
        code,
        verifier: &attempt.verifier,
    };
    let tokens = app.provider.redeem(&known.metadata, &redemption).await?;
    let mut claims = app
        .provider
        .verify(&known, config, &tokens.id_token, &attempt.nonce)
        .await?;
    app.provider.complete(&known, config, &tokens, &mut claims).await?;
    Ok(claims)
}

async fn client_secret(app: &App, config: &SsoConfig) -> Result<Option<Secret>, SsoError> {
    match config.secret_name() {
        Some(name) => Ok(app.secrets.get(&name).await?),
        None => Ok(None),
    }
}

/// To the page that is configured: with a code, or with the reason why there is none, as a code that it knows.
async fn to_console(app: &App, console: &str, arrived: Result<(SsoAttempt, User), ApiError>) -> Response {
    let kept = match arrived {
        Ok((attempt, user)) => one_time_code::keep(app, attempt, user).await.map_err(ApiError::from),
        Err(error) => Err(error),
    };
    match kept {
        Ok(code) => browser::console(console, "code", &code),
        Err(error) => browser::console(console, "error", error.code().name()),
    }
}

async fn to_program(app: &App, origin: &Origin, arrived: Result<(SsoAttempt, User), ApiError>) -> Response {
    let opened = match arrived {
        Ok((_, user)) => session::open(app, origin, &user).await,
        Err(error) => Err(error),
    };
    opened.map(Data).into_response()
}

/// The reason for the log, and what may be told.
fn told(origin: &Origin, error: SsoError) -> ApiError {
    tracing::warn!(request.id = %origin.request_id, reason = %error, "single sign-on refused");
    error.into()
}
