//! A login by single sign-on: to the identity provider, back, and into a session.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::access::digest::{sha256_base64url, sha256_hex};
use domain::access::id_token::Claims;
use domain::access::sso_login::{Purpose, SsoAttempt};
use domain::models::audit::AuditEntry;
use domain::models::sso::SsoConfig;
use domain::models::user::User;
use http::{HeaderMap, HeaderName};
use serde::Deserialize;
use service::http::ApiError;
use service::http::extract::Query;
use service::http::json::Data;
use service::http::origin::Origin;
use service::store::Taken;

use super::config::{client_secret, enabled};
use super::error::SsoError;
use super::{account, browser, one_time_code, random};
use crate::app::App;
use crate::identity_provider::Redemption;
use crate::login_permit::LoginPermit;
use crate::session;

/// The query of the page that sends the browser here.
#[derive(Deserialize)]
pub(crate) struct LoginQuery {
    code_challenge: Option<String>,
}

/// The query that the provider sends the browser back with (RFC 6749 §4.1.2, RFC 9207 §2).
#[derive(Deserialize)]
pub(crate) struct CallbackQuery {
    state: Option<String>,
    code: Option<String>,
    iss: Option<String>,
}

/// A browser on its way to the provider.
pub(crate) struct Departure {
    /// The address that it is sent to.
    pub(crate) url: String,
    pub(crate) cookie: (HeaderName, String),
}

/// A person who is back from the provider, and what the login was for.
pub(crate) struct Arrival {
    pub(crate) attempt: SsoAttempt,
    /// The account, if it may be used.
    pub(crate) user: Result<User, ApiError>,
}

/// `GET /api/v1/auth/sso/login`: to the provider. No parameter of the request changes where the browser goes, then or
/// after.
pub(crate) async fn log_in(
    State(app): State<App>,
    origin: Origin,
    Query(LoginQuery { code_challenge }): Query<LoginQuery>,
) -> Result<Response, ApiError> {
    let challenge = code_challenge.map(one_time_code::challenge).transpose()?;
    let departure = depart(&app, challenge, Purpose::Session).await;
    let Departure { url, cookie } = departure.map_err(|error| error.logged(&origin))?;
    Ok(([cookie], browser::redirect(&url)).into_response())
}

/// Begins a login. The browser that comes back with its cookie ends it.
pub(crate) async fn depart(app: &App, challenge: Option<String>, purpose: Purpose) -> Result<Departure, SsoError> {
    let config = enabled(app).await?;
    let snapshot = app.provider.snapshot(&config).await?;
    let (attempt_state, secret) = (random::token(), random::token());
    let attempt = SsoAttempt {
        nonce: random::token(),
        verifier: random::code_verifier(),
        browser: sha256_hex(&secret),
        challenge,
        purpose,
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
    let url = app.provider.authorization_url(&snapshot.metadata, &parameters)?;
    app.store.begin_sso(&attempt_state, &attempt).await?;
    Ok(Departure {
        url: url.into(),
        cookie: browser::cookie(&config, &secret),
    })
}

/// Ends the login of the browser that is back: takes its attempt, and finds out who it is.
pub(crate) async fn arrive(
    app: &App,
    config: &SsoConfig,
    origin: &Origin,
    headers: &HeaderMap,
    query: &CallbackQuery,
) -> Result<Arrival, ApiError> {
    let permit = LoginPermit::for_single_sign_on(&app.store, origin.address).await?;
    let attempt = take_attempt(app, config, headers, query).await;
    let attempt = attempt.map_err(|error| error.logged(origin))?;
    let user = authenticate(app, config, origin, &attempt, query, permit).await;
    Ok(Arrival {
        attempt,
        user: user.map_err(|error| error.logged(origin)),
    })
}

/// A session for whom a login was for that: by way of the console, or itself for a program.
pub(crate) async fn finish(
    app: &App,
    config: &SsoConfig,
    origin: &Origin,
    headers: &HeaderMap,
    login: Result<(SsoAttempt, User), ApiError>,
) -> Response {
    match config.console_url.as_deref().filter(|_| !browser::wants_json(headers)) {
        Some(console) => redirect_to_console(app, console, login).await,
        None => respond_with_session(app, origin, login).await,
    }
}

/// The account of the person who is back, if it may be used.
async fn authenticate(
    app: &App,
    config: &SsoConfig,
    origin: &Origin,
    attempt: &SsoAttempt,
    query: &CallbackQuery,
    permit: LoginPermit<'_>,
) -> Result<User, SsoError> {
    let user = async {
        let claims = claims(app, config, attempt, query).await?;
        account::usable(account::of(app, config, origin, &claims).await?)
    };
    let user = user.await;
    // An attempt that was begun here has an entry in the audit trail; a request that names none may be anybody's.
    let now = app.store.clock().now();
    let audit = match &user {
        Ok(user) => origin.audit(&user.id, "sso.login", &user.id, now),
        Err(error) => AuditEntry {
            result: error.to_string(),
            ..origin.audit("anonymous", "sso.login", &config.issuer_url, now)
        },
    };
    app.store.record(&audit).await?;
    let user = user?;
    permit.succeeded().await.map_err(SsoError::Told)?;
    Ok(user)
}

async fn take_attempt(
    app: &App,
    config: &SsoConfig,
    headers: &HeaderMap,
    query: &CallbackQuery,
) -> Result<SsoAttempt, SsoError> {
    let begun = query.state.as_deref().ok_or(SsoError::NoAttempt)?;
    let secret = browser::secret(config, headers).unwrap_or_default();
    match app.store.take_sso_attempt(begun, &sha256_hex(secret)).await? {
        Taken::Done(attempt) if attempt.config_version == config.version => Ok(attempt),
        Taken::Done(_) => Err(SsoError::Reconfigured),
        Taken::Gone => Err(SsoError::NoAttempt),
        Taken::Refused => Err(SsoError::OtherBrowser),
    }
}

/// The claims of the provider about the person.
async fn claims(
    app: &App,
    config: &SsoConfig,
    attempt: &SsoAttempt,
    query: &CallbackQuery,
) -> Result<Claims, SsoError> {
    let snapshot = app.provider.snapshot(config).await?;
    let issuer_is_told = snapshot.metadata.authorization_response_iss_parameter_supported;
    if query
        .iss
        .as_ref()
        .map_or(issuer_is_told, |issuer| *issuer != config.issuer_url)
    {
        return Err(SsoError::ResponseIssuer);
    }
    let code = query.code.as_deref().ok_or(SsoError::NoCode)?;
    let secret = client_secret(app, config).await?;
    let redemption = Redemption {
        config,
        secret: secret.as_ref(),
        code,
        verifier: &attempt.verifier,
    };
    let tokens = app.provider.redeem(&snapshot.metadata, &redemption).await?;
    let mut claims = app
        .provider
        .verify(&snapshot, config, &tokens.id_token, &attempt.nonce)
        .await?;
    app.provider.complete(&snapshot, config, &tokens, &mut claims).await?;
    Ok(claims)
}

/// To the page that is configured: with a code, or with the reason why there is none, as a code that it knows.
async fn redirect_to_console(app: &App, console: &str, login: Result<(SsoAttempt, User), ApiError>) -> Response {
    let kept = match login {
        Ok((attempt, user)) => one_time_code::keep(app, attempt, user).await.map_err(ApiError::from),
        Err(error) => Err(error),
    };
    match kept {
        Ok(code) => browser::console(console, "code", &code),
        Err(error) => browser::console(console, "error", error.code().name()),
    }
}

async fn respond_with_session(app: &App, origin: &Origin, login: Result<(SsoAttempt, User), ApiError>) -> Response {
    let opened = match login {
        Ok((_, user)) => session::open(app, origin, &user).await,
        Err(error) => Err(error),
    };
    opened.map(Data).into_response()
}
