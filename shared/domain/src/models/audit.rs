//! Who changed what, when (promise 60).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{RequestId, UserId};

/// One entry of the audit trail. Holds no secret: `changed` names fields, or has values that may be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Sorts by time.
    pub id: String,
    pub at: Timestamp,
    /// The acting user's id, or `anonymous`, or `system`.
    pub actor: String,
    /// The source address, where it is known.
    #[serde(default)]
    pub address: Option<String>,
    /// Noun and verb: `backend.create`.
    pub action: String,
    /// The id of what was acted on.
    pub target: String,
    /// The fields that changed.
    #[serde(default)]
    pub changed: Vec<String>,
    /// `ok`, or why it was refused.
    pub result: String,
    pub request_id: RequestId,
    /// Not stored: what the change that the entry tells of is made with.
    #[serde(skip)]
    pub authority: Option<Authority>,
}

/// A session, as a person makes changes with it. A change is written only while the account has this session (promise 61).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    pub user: UserId,
    pub session: u64,
}
