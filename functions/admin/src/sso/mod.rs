//! Single sign-on as administrators set it up. The client secret goes in here and never comes out (promise 22).

pub(crate) mod form;

use axum::extract::{Request, State};
use domain::models::audit::AuditEntry;
use domain::models::sso::{SsoConfig, SsoTest};
use domain::secret::Secret;
use serde_json::{Value, json};
use service::functions::{SsoTrial, SsoTrialResult};
use service::http::extract::{Actor, IfMatch, version_conflict};
use service::http::json::{self, Body, Data};
use service::http::language::{Language, RefusalLanguage};
use service::http::managed::member::Given as _;
use service::http::messages;
use service::http::{ApiError, Code};
use service::store::SsoChange;

use crate::app::App;
use crate::fields::{Fields, as_form};
use crate::secret_change::write_with_secret;
use crate::users::last_way_in;
use form::{SsoPatch, check, console_beside, default_redirect_url, fingerprint};

/// `GET /api/v1/admin/sso/status`
pub(crate) async fn status(
    State(app): State<App>,
    RefusalLanguage(language): RefusalLanguage,
) -> Result<Data<Value>, ApiError> {
    let (config, last_test) = (app.store.sso_config().await?, last_test(&app, language).await?);
    let redirect_url = default_redirect_url(&app);
    Ok(Data(match config {
        Some(config) => shown(&config, last_test.as_ref()),
        None => json!({
            "enabled": false, "provider": null, "issuer_url": null, "client_id": null, "has_client_secret": false,
            "redirect_url": redirect_url, "console_url": redirect_url.as_deref().and_then(console_beside), "version": 0,
            "last_test": last_test,
        }),
    }))
}

/// `PUT /api/v1/admin/sso/config`. Any change ends the logins under way.
pub(crate) async fn configure(
    State(app): State<App>,
    actor: Actor,
    expected: IfMatch,
    RefusalLanguage(language): RefusalLanguage,
    Body(patch): Body<SsoPatch>,
) -> Result<Data<Value>, ApiError> {
    let config = change(&app, &actor, expected, &patch).await?;
    Ok(Data(shown(&config, last_test(&app, language).await?.as_ref())))
}

/// The configuration after the change.
pub(crate) async fn change(
    app: &App,
    actor: &Actor,
    expected: IfMatch,
    patch: &SsoPatch,
) -> Result<SsoConfig, ApiError> {
    let old = app.store.sso_config().await?;
    expected.check(patch.version, old.as_ref().map_or(0, |old| old.version))?;
    let mut config = patch.applied(app, old.as_ref())?;
    check(app, &config).await?;
    let secret = patch.client_secret.value().map(String::as_str);
    if patch.client_secret.is_given() {
        let keys = app.signing_keys.keys().await?;
        config.secret_fingerprint = secret.map(|secret| fingerprint(&keys, secret));
    }
    refuse_other_issuer(old.as_ref(), &config, patch.client_secret.is_given())?;
    // Also what the first configuration has by default.
    let audit = actor
        .audit(app.store.clock().now(), "sso.configure", "sso", patch.changed())
        .telling_of(SsoPatch::FIELDS, &old, &config);
    let secret = secret.map(Secret::from);
    let named = secret.as_ref().and_then(|secret| Some((config.secret_name()?, secret)));
    write_with_secret(app, named, write(app, &config, &audit)).await?;
    let retired = old
        .and_then(|old| old.retired_secret)
        .filter(|older| config.retired_secret.as_ref() != Some(older));
    if let Some(older) = retired {
        app.secrets.delete(&SsoConfig::secret_name_of(&older)).await?;
    }
    Ok(config)
}

/// The result of the last test, with its advice in this language.
async fn last_test(app: &App, language: Language) -> Result<Option<SsoTest>, ApiError> {
    let mut test = app.store.sso_test().await?;
    if let Some(test) = &mut test {
        advise(test, language);
    }
    Ok(test)
}

fn advise(test: &mut SsoTest, language: Language) {
    for step in &mut test.steps {
        let advice = step
            .advice_code
            .as_deref()
            .and_then(|code| messages::text_of(code, language));
        if let Some(advice) = advice {
            step.advice = Some(advice.to_owned());
        }
    }
}

/// `POST /api/v1/admin/sso/test`: the stored configuration, or what it would be with the changes of the body, which are
/// not saved. With `claims`, also what a login with them would lead to.
pub(crate) async fn test(
    State(app): State<App>,
    actor: Actor,
    RefusalLanguage(language): RefusalLanguage,
    request: Request,
) -> Result<Data<SsoTrialResult>, ApiError> {
    let (patch, claims) = sent(request).await?;
    let old = app.store.sso_config().await?;
    let config = patch.applied(&app, old.as_ref())?;
    check(&app, &config).await?;
    refuse_other_issuer(old.as_ref(), &config, patch.client_secret.is_given())?;
    let mut tested = app
        .delegates
        .try_sso
        .call(SsoTrial {
            config,
            client_secret: patch.client_secret.value().cloned(),
            claims,
        })
        .await?;
    let audit = actor.audit(tested.test.tested_at, "sso.test", "sso", vec![]);
    app.store.record_sso_test(&tested.test, &audit).await?;
    advise(&mut tested.test, language);
    Ok(Data(tested))
}

/// The changes and the claims of a test's body, which may also be empty.
async fn sent(request: Request) -> Result<(SsoPatch, Option<Fields>), ApiError> {
    let body = json::read_management(request).await?;
    let mut fields = if body.is_empty() {
        Fields::new()
    } else {
        json::parse(&body)?
    };
    let claims = match fields.remove("claims") {
        None | Some(Value::Null) => None,
        Some(Value::Object(claims)) => Some(claims),
        Some(_) => {
            return Err(ApiError::invalid(
                "claims",
                "must be an object: the claims of an ID token",
            ));
        }
    };
    Ok((as_form(&fields)?, claims))
}

/// The secret stays with the issuer that it was set for (promise 23).
pub(crate) fn refuse_other_issuer(
    old: Option<&SsoConfig>,
    config: &SsoConfig,
    secret_is_sent: bool,
) -> Result<(), ApiError> {
    let moves = old.is_some_and(|old| old.secret.is_some() && old.issuer_url != config.issuer_url);
    if moves && !secret_is_sent {
        return Err(
            ApiError::new(Code::SecretRequired, "another issuer needs the client secret again").field("client_secret"),
        );
    }
    Ok(())
}

/// Writes the configuration; the refusal, if it is refused.
async fn write(app: &App, config: &SsoConfig, audit: &AuditEntry) -> Result<Option<ApiError>, ApiError> {
    Ok(match app.store.update_sso_config(config, audit).await? {
        SsoChange::Done => None,
        SsoChange::Conflict => Some(version_conflict()),
        SsoChange::LastWayIn => Some(no_way_in()),
    })
}

/// The refusal to switch off what would be the last way in.
pub(crate) fn no_way_in() -> ApiError {
    last_way_in().field("enabled")
}

/// The configuration without its secret.
fn shown(config: &SsoConfig, last_test: Option<&SsoTest>) -> Value {
    let SsoConfig {
        enabled,
        provider,
        issuer_url,
        client_id,
        redirect_url,
        console_url,
        email_claim,
        scopes,
        ..
    } = config;
    json!({
        "enabled": enabled, "provider": provider, "issuer_url": issuer_url, "client_id": client_id,
        "has_client_secret": config.secret.is_some(), "redirect_url": redirect_url, "console_url": console_url,
        "email_claim": email_claim, "scopes": scopes, "auto_provision": config.auto_provision,
        "default_policy": config.default_policy, "allowed_domains": config.allowed_domains,
        "updated_at": config.updated_at, "version": config.version, "last_test": last_test,
    })
}
