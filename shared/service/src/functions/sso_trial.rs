//! A trial of a configuration of single sign-on: the event of the `auth` function and its response (api.md §5).

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use domain::models::sso::{SsoConfig, SsoTest};
use domain::models::{DisplayName, Email};

/// The configuration to try.
#[derive(Clone, Deserialize, Serialize)]
pub struct SsoTrial {
    pub config: SsoConfig,
    /// Used instead of the stored secret.
    pub client_secret: Option<String>,
    /// Claims of an ID token, to preview what a login with it would lead to.
    pub claims: Option<Map<String, Value>>,
}

/// The result of a trial.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct SsoTrialResult {
    #[serde(flatten)]
    pub test: SsoTest,
    pub preview: Option<SsoPreview>,
}

/// The person that the claims name, and the account that a login would lead to.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct SsoPreview {
    pub email: Email,
    pub name: DisplayName,
    /// `known`, `linked`, `created` or `created_pending`.
    pub account: String,
}

/// Without the secret.
impl fmt::Debug for SsoTrial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SsoTrial")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
