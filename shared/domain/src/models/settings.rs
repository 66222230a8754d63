//! What administrators can change about the whole installation.

use std::str::FromStr;

use ipnet::IpNet;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::notify::Notify;
use super::{ModelId, SecretId};

/// The settings (api.md §5). What is absent has the value that the installation was deployed with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct Settings {
    /// True if people may register themselves; they wait for approval in any case.
    pub registration_enabled: bool,
    /// Steps in where a policy names no default model of its own.
    #[serde(default)]
    pub default_model: Option<ModelId>,
    pub log_retention_days: u32,
    /// True if each request has a record of its own; the sums that reports are made of are kept in any case.
    #[serde(default = "on")]
    pub request_log: bool,
    /// Web pages that may call `/api/v1` from a browser.
    #[serde(default)]
    pub cors_origins: Vec<Origin>,
    /// Over `PASSWORD_POLICY`.
    #[serde(default)]
    pub password_policy: Option<PasswordPolicy>,
    /// True if responses name their backend.
    #[serde(default)]
    pub show_backend_id: bool,
    #[serde(default)]
    pub unpriced_models: UnpricedModels,
    #[serde(default)]
    pub responses_store: ResponsesStore,
    /// How long stored responses are kept.
    #[serde(default = "month")]
    pub responses_retention_days: u32,
    /// True if programs may be signed in, and workloads come in, without API keys.
    #[serde(default)]
    pub sign_in_enabled: bool,
    /// The life of an access token of a person's sign-in.
    #[serde(default = "hour")]
    pub access_token_seconds: u32,
    /// The end of a person's sign-in, however often it was refreshed.
    #[serde(default = "day")]
    pub sign_in_minutes: u32,
    /// The programs that may be let in by a code that is typed on another device.
    #[serde(default)]
    pub device_flow: DeviceFlow,
    /// Networks of the company, each of which counts as one place.
    #[serde(default)]
    pub company_networks: Vec<IpNet>,
    /// A notice that people read before they let a program in.
    #[serde(default)]
    pub login_notice: Option<String>,
    /// Who is told when limits are nearly full, of all whose policy does not say it.
    #[serde(default)]
    pub alerts: Option<Notify>,
    /// The secret that webhooks are signed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alerts_secret: Option<AlertsSecret>,
    #[serde(default)]
    pub updated_at: Option<Timestamp>,
    pub version: u64,
}

/// A signing secret that lies where secrets do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertsSecret {
    pub id: SecretId,
    /// A keyed hash of the secret, to know the secret again.
    pub fingerprint: String,
}

impl AlertsSecret {
    /// The secret's name.
    pub fn name(&self) -> String {
        format!("alerts/{}", self.id)
    }
}

/// For what a stored item does not know yet.
fn on() -> bool {
    true
}

fn month() -> u32 {
    30
}

fn hour() -> u32 {
    3600
}

fn day() -> u32 {
    1440
}

impl Default for Settings {
    /// Those of an installation whose settings nobody has touched; the first change makes version 1.
    fn default() -> Self {
        Self {
            registration_enabled: true,
            default_model: None,
            log_retention_days: 30,
            request_log: true,
            cors_origins: Vec::new(),
            password_policy: None,
            show_backend_id: false,
            unpriced_models: UnpricedModels::default(),
            responses_store: ResponsesStore::default(),
            responses_retention_days: month(),
            sign_in_enabled: false,
            access_token_seconds: hour(),
            sign_in_minutes: day(),
            device_flow: DeviceFlow::default(),
            company_networks: Vec::new(),
            login_notice: None,
            alerts: None,
            alerts_secret: None,
            updated_at: None,
            version: 0,
        }
    }
}

impl Settings {
    /// How many days the record of a request is kept; `None` where none is made.
    pub fn kept_days(&self) -> Option<u32> {
        self.request_log.then_some(self.log_retention_days)
    }

    /// The name of the secret that webhooks are signed with.
    pub fn alerts_secret_name(&self) -> Option<String> {
        self.alerts_secret.as_ref().map(AlertsSecret::name)
    }

    /// The rules for passwords, where the installation was deployed with `deployed`.
    pub fn password_policy(&self, deployed: PasswordPolicy) -> PasswordPolicy {
        self.password_policy.unwrap_or(deployed)
    }
}

/// The treatment of a model without a price under a limit of cost, which could not limit it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnpricedModels {
    /// Its requests are refused.
    #[default]
    Refuse,
    /// So is a policy that limits cost and allows it.
    RefusePolicy,
    /// It costs nothing.
    Free,
}

/// The programs that may be let in by a code that is typed on another device (RFC 8628).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceFlow {
    #[default]
    On,
    /// Programs that are where their person is.
    SameNetwork,
    Off,
}

/// Which responses are stored, so that their clients can go on from them (ST1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ResponsesStore {
    /// What clients do not say is yes, as at `OpenAI`.
    #[default]
    Client,
    /// What clients do not say is no.
    Explicit,
    Off,
}

impl ResponsesStore {
    /// True if a response is to be stored whose client says so much of `store`.
    pub fn stores(self, wanted: Option<bool>) -> bool {
        match self {
            Self::Client => wanted.unwrap_or(true),
            Self::Explicit => wanted.unwrap_or(false),
            Self::Off => false,
        }
    }
}

/// How strong a password has to be (promise 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PasswordPolicy {
    /// At least 8 characters.
    Basic,
    /// At least 12, and none of the common ones.
    Strict,
}

impl FromStr for PasswordPolicy {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "basic" => Ok(Self::Basic),
            "strict" => Ok(Self::Strict),
            _ => Err("must be basic or strict"),
        }
    }
}

/// The origin of a web page, as browsers write it: scheme, host, and port where it is not the scheme's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(String);

/// Why a text is not an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an origin such as https://console.example.com: no path, no *")]
pub struct OriginError;

impl Origin {
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        let url = url::Url::parse(text).map_err(|_| OriginError)?;
        let web = matches!(url.scheme(), "http" | "https");
        // Browsers send the ASCII serialisation: what is not already in it would never match.
        if web && !text.contains('*') && url.origin().ascii_serialization() == text {
            Ok(Self(text.to_owned()))
        } else {
            Err(OriginError)
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Origin {
    type Error = OriginError;

    fn try_from(text: String) -> Result<Self, OriginError> {
        Self::parse(&text)
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p31_an_origin_is_whole_and_never_a_star() {
        for good in [
            "https://console.example.com",
            "http://localhost:5173",
            "https://[::1]:8443",
        ] {
            assert!(Origin::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "*",
            "https://*.example.com",
            "https://example.com/",
            "https://example.com/x",
            "https://example.com:443",
            "null",
            "ftp://a",
        ] {
            assert!(Origin::parse(bad).is_err(), "{bad}");
        }
    }
}
