//! What requests and checks find of a backend.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::class::FailureClass;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastError {
    pub at: Timestamp,
    pub class: FailureClass,
    /// What the backend said, without secrets and addresses; absent if it said nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Arc<str>>,
}

/// A request that failed through the fault of its backend.
#[derive(Clone, Debug)]
pub struct RequestFailure {
    pub class: FailureClass,
    /// For how long the backend wants to be left alone.
    pub retry_after: Option<Duration>,
    /// What the backend said, without secrets and addresses.
    pub message: Option<Arc<str>>,
}

/// The result of a check.
#[derive(Clone, Copy, Debug)]
pub enum CheckFinding {
    /// The backend answered after `latency`. `finding` is what is amiss all the same.
    Reachable {
        latency: Duration,
        finding: Option<FailureClass>,
        /// True if an administrator asked for it.
        by_hand: bool,
    },
    /// The backend answered after `latency`, and was not told who asked: nothing is known of key, credit and model.
    Up {
        latency: Duration,
    },
    Failed(FailureClass),
}
