//! What an administrator may write about single sign-on, and what is refused.

use std::net::IpAddr;

use domain::access::sso::is_issuer_of;
use domain::models::sso::{ProviderKind, SsoConfig};
use domain::models::{PolicyName, SecretId};
use serde::Deserialize;
use service::http::json::nullable;
use service::http::{ApiError, Code};
use url::{Host, Url};

use crate::App;

/// The only claim that `email_verified` speaks of (`OpenID` Connect Core §5.1).
const EMAIL: &str = "email";
const CALLBACK: &str = "/api/v1/auth/sso/callback";
const MAX_URL: usize = 2048;
const MAX_SECRET: usize = 4096;
const MAX_DOMAINS: usize = 100;
const MAX_SCOPES: usize = 20;

/// A change: absent fields stay, `null` goes back to the default.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SsoChange {
    enabled: Option<bool>,
    provider: Option<ProviderKind>,
    client_id: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) client_secret: Option<Option<String>>,
    issuer_url: Option<String>,
    redirect_url: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    console_url: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    email_claim: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    scopes: Option<Option<Vec<String>>>,
    auto_provision: Option<bool>,
    #[serde(default, deserialize_with = "nullable")]
    default_policy: Option<Option<PolicyName>>,
    #[serde(default, deserialize_with = "nullable")]
    allowed_domains: Option<Option<Vec<String>>>,
    pub(super) version: Option<u64>,
}

impl SsoChange {
    /// The names of the fields that are given, for the audit trail.
    pub(super) fn fields(&self) -> Vec<String> {
        let given = [
            ("enabled", self.enabled.is_some()),
            ("provider", self.provider.is_some()),
            ("client_id", self.client_id.is_some()),
            ("client_secret", self.client_secret.is_some()),
            ("issuer_url", self.issuer_url.is_some()),
            ("redirect_url", self.redirect_url.is_some()),
            ("console_url", self.console_url.is_some()),
            ("email_claim", self.email_claim.is_some()),
            ("scopes", self.scopes.is_some()),
            ("auto_provision", self.auto_provision.is_some()),
            ("default_policy", self.default_policy.is_some()),
            ("allowed_domains", self.allowed_domains.is_some()),
        ];
        given
            .into_iter()
            .filter(|(_, given)| *given)
            .map(|(field, _)| field.to_owned())
            .collect()
    }

    /// The configuration with the changes. The first one has to name the provider, the client and the issuer.
    pub(super) fn apply(
        self,
        app: &App,
        old: Option<&SsoConfig>,
        secret: Option<&Option<String>>,
    ) -> Result<SsoConfig, ApiError> {
        if secret.is_some_and(|secret| {
            secret
                .as_ref()
                .is_some_and(|text| text.is_empty() || text.len() > MAX_SECRET)
        }) {
            return Err(ApiError::invalid(
                "client_secret",
                format!("must have 1 to {MAX_SECRET} bytes"),
            ));
        }
        let current = old.and_then(|old| old.secret.clone());
        let (secret, retired_secret) = match secret {
            Some(secret) => (secret.as_ref().map(|_| SecretId::generate()), current),
            None => (current, old.and_then(|old| old.retired_secret.clone())),
        };
        let redirect_url = self
            .redirect_url
            .or_else(|| old.map(|old| old.redirect_url.clone()))
            .or_else(|| default_redirect_url(app));
        let domains = self
            .allowed_domains
            .map(Option::unwrap_or_default)
            .or_else(|| old.map(|old| old.allowed_domains.clone()));
        Ok(SsoConfig {
            enabled: self.enabled.or(old.map(|old| old.enabled)).unwrap_or_default(),
            provider: required("provider", self.provider.or(old.map(|old| old.provider)))?,
            issuer_url: required(
                "issuer_url",
                self.issuer_url.or_else(|| old.map(|old| old.issuer_url.clone())),
            )?,
            client_id: required(
                "client_id",
                self.client_id.or_else(|| old.map(|old| old.client_id.clone())),
            )?,
            secret,
            retired_secret,
            redirect_url: required("redirect_url", redirect_url)?,
            console_url: self
                .console_url
                .unwrap_or_else(|| old.and_then(|old| old.console_url.clone())),
            email_claim: self
                .email_claim
                .unwrap_or_else(|| old.map(|old| old.email_claim.clone()))
                .unwrap_or_else(|| EMAIL.to_owned()),
            scopes: self
                .scopes
                .unwrap_or_else(|| old.map(|old| old.scopes.clone()))
                .unwrap_or_else(default_scopes),
            auto_provision: self
                .auto_provision
                .or(old.map(|old| old.auto_provision))
                .unwrap_or_default(),
            default_policy: self
                .default_policy
                .unwrap_or_else(|| old.map(|old| old.default_policy.clone()))
                .unwrap_or_default(),
            allowed_domains: domains
                .unwrap_or_default()
                .iter()
                .map(|domain| domain.trim().to_lowercase())
                .collect(),
            updated_at: app.store.clock().now(),
            version: old.map_or(0, |old| old.version) + 1,
        })
    }
}

/// The callback at the address that the gateway was told it has.
pub(super) fn default_redirect_url(app: &App) -> Option<String> {
    app.rules
        .public_url
        .as_ref()
        .map(|base| format!("{}{CALLBACK}", base.trim_end_matches('/')))
}

fn default_scopes() -> Vec<String> {
    ["openid", "email", "profile"].map(ToOwned::to_owned).into()
}

fn required<T>(field: &str, value: Option<T>) -> Result<T, ApiError> {
    value.ok_or_else(|| ApiError::invalid(field, "is required"))
}

/// Refuses what cannot work, or must not.
pub(super) async fn check(app: &App, config: &SsoConfig) -> Result<(), ApiError> {
    let issuer = app.rules.networks.base_url(&config.issuer_url);
    let issuer = issuer
        .map_err(|problem| ApiError::new(Code::InvalidBaseUrl, format!("the issuer {problem}")).field("issuer_url"))?;
    if !is_issuer_of(config.provider, &issuer) {
        return Err(ApiError::invalid(
            "issuer_url",
            "must name one tenant: https://login.microsoftonline.com/<tenant id>/v2.0",
        ));
    }
    if !is_page(&config.redirect_url) || !config.redirect_url.ends_with(CALLBACK) {
        let problem = format!("must be this gateway's {CALLBACK}, with https unless it is on the own machine");
        return Err(ApiError::invalid("redirect_url", problem));
    }
    if config.console_url.as_ref().is_some_and(|url| !is_page(url)) {
        return Err(ApiError::invalid(
            "console_url",
            "must be the address of a page, with https unless it is on the own machine",
        ));
    }
    check_texts(config)?;
    match app.store.read_policy(&config.default_policy).await? {
        Some(_) => Ok(()),
        None => Err(ApiError::invalid(
            "default_policy",
            format!("there is no policy {:?}", config.default_policy.as_str()),
        )),
    }
}

fn check_texts(config: &SsoConfig) -> Result<(), ApiError> {
    let is_token = |text: &str| (1..=256).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_token(&config.client_id) {
        return Err(ApiError::invalid(
            "client_id",
            "must have 1 to 256 printable characters",
        ));
    }
    if !is_token(&config.email_claim) || (config.provider == ProviderKind::GenericOidc && config.email_claim != EMAIL) {
        return Err(ApiError::invalid(
            "email_claim",
            "must be `email`, whose address the provider verifies; at azure another claim may do",
        ));
    }
    let scopes = &config.scopes;
    if scopes.len() > MAX_SCOPES
        || !scopes.iter().all(|scope| is_token(scope))
        || !scopes.iter().any(|scope| scope == "openid")
    {
        return Err(ApiError::invalid(
            "scopes",
            format!("must be at most {MAX_SCOPES} scopes, `openid` among them"),
        ));
    }
    let is_domain =
        |domain: &String| Host::parse(domain).is_ok_and(|host| matches!(host, Host::Domain(_))) && domain.contains('.');
    if config.allowed_domains.len() > MAX_DOMAINS || !config.allowed_domains.iter().all(is_domain) {
        return Err(ApiError::invalid(
            "allowed_domains",
            format!("must be at most {MAX_DOMAINS} domains such as `example.com`"),
        ));
    }
    Ok(())
}

/// An address that browsers are sent to: nobody between may read what it carries.
fn is_page(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let plain =
        text.len() <= MAX_URL && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    plain
        && (url.scheme() == "https" || (url.scheme() == "http" && url.host().is_some_and(|host| is_own_machine(&host))))
}

fn is_own_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => IpAddr::V4(*address).is_loopback(),
        Host::Ipv6(address) => IpAddr::V6(*address).is_loopback(),
    }
}
