//! Checking a backend now, and the two homes of who does it: the `health` function, and this process (api.md §5).
//!
//! Administration may write backends' keys and not read them (decision 23), so it has to ask.

mod function;

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::aws::InvokeError;
use crate::store::StoreError;
use domain::models::BackendId;
use domain::models::health::FailureClass;

pub use function::FunctionProber;

/// What a check found, as coarsely as anybody may be told (promise 37).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckResult {
    pub healthy: bool,
    /// Until the head of an answer, or until it was given up.
    pub latency_ms: u64,
    /// The status of the answer, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why it is not healthy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<FailureClass>,
    pub last_check_at: Timestamp,
}

/// A check that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    #[error("the health function cannot be invoked")]
    Function(#[from] InvokeError),
    #[error("the health function's answer cannot be read")]
    Answer(#[from] serde_json::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

type Check = dyn Fn(BackendId) -> BoxFuture<'static, Result<Option<CheckResult>, StoreError>> + Send + Sync;

/// Who checks backends.
#[derive(Clone)]
pub enum Prober {
    Function(FunctionProber),
    Here(Arc<Check>),
}

impl Prober {
    /// Checks the backend of this id now; `None` when there is none.
    pub async fn check(&self, id: &BackendId) -> Result<Option<CheckResult>, ProbeError> {
        match self {
            Self::Function(function) => function.check(id).await,
            Self::Here(check) => Ok(check(id.clone()).await?),
        }
    }
}

impl fmt::Debug for Prober {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Prober")
    }
}
