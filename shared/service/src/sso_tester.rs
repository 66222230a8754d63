//! Trying a configuration of single sign-on, and the two homes of who does it: the `auth` function, and this process (api.md §5).
//!
//! Administration may write the client secret and not read it (decision 23), so it has to ask.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::aws::{Functions, InvokeError};
use domain::models::sso::{SsoConfig, SsoTest};
use domain::models::{DisplayName, Email};

/// What is to be tried.
#[derive(Clone, Deserialize, Serialize)]
pub struct Trial {
    pub config: SsoConfig,
    /// Instead of the stored one.
    pub client_secret: Option<String>,
    /// Of an ID token, to see what a login with it would lead to.
    pub claims: Option<Map<String, Value>>,
}

/// What came of it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Tested {
    #[serde(flatten)]
    pub test: SsoTest,
    pub preview: Option<Preview>,
}

/// Whom the claims name, and the account that they would get.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Preview {
    pub email: Email,
    pub name: DisplayName,
    /// `known`, `linked`, `created` or `created_pending`.
    pub account: String,
}

/// A trial that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum TesterError {
    #[error("the auth function cannot be invoked")]
    Function(#[from] InvokeError),
    #[error("what the auth function is told or answers cannot be read")]
    Answer(#[from] serde_json::Error),
}

type TryOut = dyn Fn(Trial) -> BoxFuture<'static, Tested> + Send + Sync;

/// Who tries configurations.
#[derive(Clone)]
pub enum SsoTester {
    /// The function of this name.
    Function(Functions, String),
    Here(Arc<TryOut>),
}

impl SsoTester {
    pub async fn try_out(&self, trial: Trial) -> Result<Tested, TesterError> {
        match self {
            Self::Function(functions, name) => Ok(serde_json::from_slice(
                &functions.invoke(name, &serde_json::to_value(&trial)?).await?,
            )?),
            Self::Here(try_out) => Ok(try_out(trial).await),
        }
    }
}

impl fmt::Debug for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trial")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for SsoTester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SsoTester")
    }
}
