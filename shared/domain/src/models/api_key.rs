//! API keys, as they are stored: without the key itself.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::limit::{Limit, Slot};
use super::{DisplayName, KeyId, UserId};

/// What is known of a key besides its digest, under which it lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    pub id: KeyId,
    pub owner: UserId,
    pub name: DisplayName,
    /// The key's beginning, by which people distinguish their keys.
    pub key_prefix: String,
    /// Models that it may use; empty or `*` adds nothing to the owner's policy.
    #[serde(default)]
    pub models: Vec<String>,
    /// Limits of the key alone: they hold beside those of its owner, never instead.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Limit>,
    /// The name of the counter of each of `limits` in the owner's meter.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slots: Vec<Slot>,
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    pub enabled: bool,
    pub created_at: Timestamp,
    #[serde(default)]
    pub last_used_at: Option<Timestamp>,
    /// Number of the owner's session that the key ends with; absent for keys that are made to stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<u64>,
    /// The owner's `sign_in_epoch` that an access token ends with, which is judged as a key. No key has one.
    #[serde(skip)]
    pub epoch: Option<u64>,
    pub version: u64,
}

impl ApiKey {
    /// True if the key can be used at `now`.
    pub fn is_usable(&self, now: Timestamp) -> bool {
        self.enabled && self.expires_at.is_none_or(|expires| now < expires)
    }

    /// True if it was made to stay, and its uses are worth recording.
    pub fn stays(&self) -> bool {
        self.session.is_none() && self.epoch.is_none()
    }

    /// True if the key's own list lets it use the model `id`.
    pub fn allows_model(&self, id: &str) -> bool {
        self.models.is_empty() || self.models.iter().any(|model| model == "*" || model == id)
    }
}
