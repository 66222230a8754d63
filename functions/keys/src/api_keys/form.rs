//! A key as its owner writes it.

use domain::models::api_key::ApiKey;
use domain::models::limit::Limit;
use domain::models::{DisplayName, KeyId, UserId};
use jiff::Timestamp;
use service::http::key_rules::{MAX_MODELS, check_limits};
use service::http::managed::constraint::{list, max_items};
use service::managed_object;

managed_object! {
    ApiKey: NewKey, KeyPatch {
        required      name:       DisplayName;
        later default enabled:    bool = true;
        nullable      models:     Vec<String>, max_items(MAX_MODELS, "models");
        nullable      limits:     Vec<Limit>, list(check_limits);
        nullable      expires_at: Timestamp;
    }
    new(owner: UserId, key_prefix: String, now: Timestamp) {
        id: KeyId::generate(), owner, key_prefix, created_at: now, last_used_at: None, session: None, epoch: None,
        slots: Vec::new(), version: 1
    }
}
