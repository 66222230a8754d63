//! An API key as its owner and administrators see it.

use jiff::Timestamp;
use serde::Serialize;

use domain::models::api_key::ApiKey;
use domain::models::limit::Limit;
use domain::models::{DisplayName, KeyId};

/// A key without its digest.
#[derive(Debug, Serialize)]
pub struct KeyObject {
    id: KeyId,
    name: DisplayName,
    /// Only in the response to its creation.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    key_prefix: String,
    models: Vec<String>,
    limits: Vec<Limit>,
    expires_at: Option<Timestamp>,
    enabled: bool,
    created_at: Timestamp,
    last_used_at: Option<Timestamp>,
    version: u64,
}

impl KeyObject {
    /// A key that is new, with the text that is shown once.
    pub fn new(key: ApiKey, secret: String) -> Self {
        Self {
            key: Some(secret),
            ..Self::from(key)
        }
    }
}

impl From<ApiKey> for KeyObject {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name,
            key: None,
            key_prefix: key.key_prefix,
            models: key.models,
            limits: key.limits,
            expires_at: key.expires_at,
            enabled: key.enabled,
            created_at: key.created_at,
            last_used_at: key.last_used_at,
            version: key.version,
        }
    }
}
