//! A check of one backend now: the event of the `health` function and its response (api.md §5).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use domain::models::BackendId;
use domain::models::health::FailureClass;

/// The backend to check.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CheckRequest {
    pub backend: BackendId,
}

/// The result of a check, as coarse as callers may see it (promise 37).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckResult {
    pub healthy: bool,
    /// Until the head of the response, or until the check gave up.
    pub latency_ms: u64,
    /// The status of the response, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why the backend is not healthy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<FailureClass>,
    pub last_check_at: Timestamp,
}
