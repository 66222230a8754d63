//! Single sign-on as administrators write it, and what is refused.

use std::net::IpAddr;

use domain::access::session::SigningKeys;
use domain::access::sso::is_issuer_of;
use domain::models::sso::{ProviderKind, SsoConfig};
use domain::models::{PolicyName, SecretId};
use serde::Deserialize;
use service::http::managed::constraint::{form, list};
use service::http::managed::member::Given as _;
use service::http::{ApiError, Code};
use service::managed_object;
use url::{Host, Url};

use crate::app::App;

/// The only claim that `email_verified` speaks of (`OpenID` Connect Core §5.1).
const EMAIL: &str = "email";
const CALLBACK: &str = "/api/v1/auth/sso/callback";
const CONSOLE: &str = "/console/";
const MAX_URL: usize = 2048;
const MAX_SECRET: usize = 4096;
const MAX_DOMAINS: usize = 100;
const MAX_SCOPES: usize = 20;

managed_object! {
    SsoConfig: SsoPatch {
        required enabled:         bool;
        required provider:        ProviderKind;
        required client_id:       String, form(is_token, "must have 1 to 256 printable characters");
        secret   client_secret:   String;
        required issuer_url:      String;
        required redirect_url:    String;
        nullable console_url:     String, form(is_page, IS_NO_PAGE);
        nullable email_claim:     String = EMAIL.to_owned();
        nullable scopes:          Vec<String> = default_scopes(), list(check_scopes);
        required auto_provision:  bool;
        nullable default_policy:  PolicyName;
        nullable allowed_domains: Domains, check_domains;
    }
}

/// Domains of e-mail addresses, without blanks around them and in small letters.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "Vec<String>")]
pub(crate) struct Domains(Vec<String>);

impl From<Vec<String>> for Domains {
    fn from(domains: Vec<String>) -> Self {
        Self(domains.iter().map(|domain| domain.trim().to_lowercase()).collect())
    }
}

impl From<Domains> for Vec<String> {
    fn from(domains: Domains) -> Self {
        domains.0
    }
}

/// The owner of the secret among all whose fingerprints are kept: no id of a backend has a blank.
const OWNER: &str = "single sign-on";

/// The fingerprint of a client secret.
pub(super) fn fingerprint(keys: &SigningKeys, secret: &str) -> String {
    keys.fingerprint(OWNER, secret)
}

/// True if `secret` is the one that `config` has.
pub(crate) fn is_secret_of(keys: &SigningKeys, secret: &str, config: &SsoConfig) -> bool {
    let known = config.secret_fingerprint.as_deref().filter(|_| config.secret.is_some());
    known.is_some_and(|known| keys.is_fingerprint(OWNER, secret, known))
}

impl SsoPatch {
    /// `old` with the changes. A new secret is stored under a new name, and the one before stays.
    pub(crate) fn applied(&self, app: &App, old: Option<&SsoConfig>) -> Result<SsoConfig, ApiError> {
        if self
            .client_secret
            .value()
            .is_some_and(|text| text.is_empty() || text.len() > MAX_SECRET)
        {
            return Err(ApiError::invalid(
                "client_secret",
                format!("must have 1 to {MAX_SECRET} bytes"),
            ));
        }
        let mut config = match old {
            Some(old) => old.clone(),
            None => self.first(app)?,
        };
        self.apply(&mut config)?;
        if self.client_secret.is_given() {
            config.retired_secret = config.secret.take();
            config.secret = self.client_secret.value().map(|_| SecretId::generate());
        }
        config.updated_at = app.store.clock().now();
        config.version += 1;
        Ok(config)
    }

    /// The configuration before the first change, which has to name the provider, the client and the issuer.
    fn first(&self, app: &App) -> Result<SsoConfig, ApiError> {
        let redirect_url = self.redirect_url.clone().or_else(|| default_redirect_url(app));
        let console_url = redirect_url.as_deref().and_then(console_beside);
        Ok(SsoConfig {
            enabled: false,
            provider: required("provider", self.provider)?,
            issuer_url: required("issuer_url", self.issuer_url.clone())?,
            client_id: required("client_id", self.client_id.clone())?,
            secret: None,
            retired_secret: None,
            secret_fingerprint: None,
            redirect_url: required("redirect_url", redirect_url)?,
            console_url,
            email_claim: EMAIL.to_owned(),
            scopes: default_scopes(),
            auto_provision: false,
            default_policy: PolicyName::default(),
            allowed_domains: Vec::new(),
            updated_at: app.store.clock().now(),
            version: 0,
        })
    }
}

/// The callback at the address that the gateway was told it has.
pub(crate) fn default_redirect_url(app: &App) -> Option<String> {
    app.rules
        .public_url
        .as_ref()
        .map(|base| format!("{}{CALLBACK}", base.trim_end_matches('/')))
}

/// The console at the address that the provider sends people back to: `PUBLIC_URL/console/`, unless another one is set.
pub(crate) fn console_beside(redirect_url: &str) -> Option<String> {
    redirect_url
        .strip_suffix(CALLBACK)
        .map(|base| format!("{base}{CONSOLE}"))
}

fn default_scopes() -> Vec<String> {
    ["openid", "email", "profile"].map(ToOwned::to_owned).into()
}

fn required<T>(field: &str, value: Option<T>) -> Result<T, ApiError> {
    value.ok_or_else(|| ApiError::invalid(field, "is required"))
}

/// Refuses what cannot work, or must not.
pub(super) async fn check(app: &App, config: &SsoConfig) -> Result<(), ApiError> {
    check_addresses(app, config)?;
    match app.store.read_policy(&config.default_policy).await? {
        Some(_) => Ok(()),
        None => Err(no_default_policy(&config.default_policy)),
    }
}

pub(crate) fn no_default_policy(name: &PolicyName) -> ApiError {
    ApiError::invalid("default_policy", format!("there is no policy {:?}", name.as_str()))
}

/// Refuses addresses and a claim that cannot be used.
pub(crate) fn check_addresses(app: &App, config: &SsoConfig) -> Result<(), ApiError> {
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
    if config.email_claim != EMAIL && (config.provider == ProviderKind::GenericOidc || !is_token(&config.email_claim)) {
        return Err(ApiError::invalid(
            "email_claim",
            "must be `email`, whose address the provider verifies; at azure another claim may do",
        ));
    }
    Ok(())
}

fn is_token(text: &str) -> bool {
    (1..=256).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn check_scopes(scopes: &[String]) -> Result<(), String> {
    let is_short = scopes.len() <= MAX_SCOPES && scopes.iter().all(|scope| is_token(scope));
    if is_short && scopes.iter().any(|scope| scope == "openid") {
        Ok(())
    } else {
        Err(format!("must be at most {MAX_SCOPES} scopes, `openid` among them"))
    }
}

fn check_domains(Domains(domains): &Domains) -> Result<(), String> {
    let is_domain =
        |domain: &String| Host::parse(domain).is_ok_and(|host| matches!(host, Host::Domain(_))) && domain.contains('.');
    if domains.len() <= MAX_DOMAINS && domains.iter().all(is_domain) {
        Ok(())
    } else {
        Err(format!("must be at most {MAX_DOMAINS} domains such as `example.com`"))
    }
}

const IS_NO_PAGE: &str = "must be the address of a page, with https unless it is on the own machine";

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
