//! Single sign-on with `OpenID` Connect: how it is set up, and what a test of it has found.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{PolicyName, SecretId};

/// Who somebody is at an identity provider: an e-mail address can change hands, this pair cannot (promise 10).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    pub issuer: String,
    pub subject: String,
}

/// The rules of which identity provider hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProviderKind {
    /// Microsoft Entra ID: one tenant's issuer.
    #[serde(rename = "azure")]
    Azure,
    /// Any certified provider.
    #[serde(rename = "generic-oidc")]
    GenericOidc,
}

/// How single sign-on is set up (api.md §5). Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SsoConfig {
    pub enabled: bool,
    pub provider: ProviderKind,
    /// Compared letter by letter with what the provider says of itself.
    pub issuer_url: String,
    pub client_id: String,
    /// Which secret is the client's; absent for a client without one.
    #[serde(default)]
    pub secret: Option<SecretId>,
    /// The secret before: it stays for a while, as a backend's key does.
    #[serde(default)]
    pub retired_secret: Option<SecretId>,
    /// A keyed hash of the secret, to know the secret again.
    #[serde(default)]
    pub secret_fingerprint: Option<String>,
    /// Where the provider sends people back: this gateway's `/api/v1/auth/sso/callback`, as registered there.
    pub redirect_url: String,
    /// The page that gets the one-time code; without one, the callback responds with JSON.
    #[serde(default)]
    pub console_url: Option<String>,
    /// The claim of the ID token that holds the e-mail address.
    pub email_claim: String,
    pub scopes: Vec<String>,
    /// True if newcomers may come in at once; otherwise they wait for approval.
    pub auto_provision: bool,
    /// The policy of newcomers.
    pub default_policy: PolicyName,
    /// Domains of e-mail addresses, folded; none is any.
    #[serde(default)]
    pub allowed_domains: Vec<String>,
    pub updated_at: Timestamp,
    pub version: u64,
}

impl SsoConfig {
    /// The name of the client secret that was set for this issuer. Another issuer has another secret, so that none is
    /// ever sent where it was not meant for (promise 23).
    pub fn secret_name(&self) -> Option<String> {
        self.secret.as_ref().map(Self::secret_name_of)
    }

    /// The name of one of the client's secrets.
    pub fn secret_name_of(secret: &SecretId) -> String {
        format!("sso/{secret}")
    }

    /// The address of the gateway at which people log in: to it alone the provider sends them back.
    pub fn login_address(&self) -> &str {
        let path = "/api/v1/auth/sso/callback";
        self.redirect_url.strip_suffix(path).unwrap_or(&self.redirect_url)
    }

    /// Where a login begins: beside the callback, which is the only address of ours that is configured.
    pub fn login_url(&self) -> String {
        format!(
            "{}login",
            self.redirect_url.strip_suffix("callback").unwrap_or(&self.redirect_url)
        )
    }

    /// True if browsers come by https: only then may, and must, a cookie be `Secure`.
    pub fn is_secure(&self) -> bool {
        self.redirect_url.starts_with("https:")
    }
}

/// What a test of the configuration found, step by step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SsoTest {
    pub passed: bool,
    pub tested_at: Timestamp,
    pub steps: Vec<TestStep>,
}

/// One step of a test. Says what to change and never what the provider has sent (promise 37).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestStep {
    pub step: StepName,
    pub result: StepResult,
    /// Coarse: `dns`, `connect`, `tls`, `timeout`, `status 404`, `forbidden_address`, `issuer`, ….
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The advice what to change: its code for programs, then its text for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    pub duration_ms: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepName {
    /// The provider's document about itself.
    Discovery,
    /// It names the issuer that is configured.
    Issuer,
    /// Its signing keys.
    Keys,
    /// It knows our client and accepts its secret.
    Client,
    /// What an ID token's claims would lead to.
    Claims,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StepResult {
    Pass,
    Fail,
    /// An earlier step failed, or there was nothing to try.
    Skipped,
}
