//! Where a request came from, and the audit entries that say so.

use std::collections::BTreeMap;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use http::request::Parts;
use jiff::Timestamp;

use super::ApiError;
use super::edge::ClientAddress;
use domain::models::RequestId;
use domain::models::audit::AuditEntry;
use domain::random;

/// The request's id and source address.
#[derive(Clone, Debug)]
pub struct Origin {
    pub request_id: RequestId,
    pub address: Option<IpAddr>,
}

impl Origin {
    pub(super) fn of(parts: &Parts) -> Self {
        Self {
            request_id: parts.extensions.get().cloned().unwrap_or_else(RequestId::generate),
            address: parts.extensions.get().map(|ClientAddress(address)| *address),
        }
    }

    /// The audit entry of an action that succeeded: `actor` did `action` to `target` at `now`.
    pub fn audit(&self, actor: impl ToString, action: &str, target: impl ToString, now: Timestamp) -> AuditEntry {
        AuditEntry {
            id: random::sortable_id(),
            at: now,
            actor: actor.to_string(),
            actor_name: None,
            actor_email: None,
            address: self.address.map(|address| address.to_string()),
            action: action.to_owned(),
            target: target.to_string(),
            changed: Vec::new(),
            values: BTreeMap::new(),
            result: "ok".to_owned(),
            request_id: self.request_id.clone(),
            authority: None,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Origin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self::of(parts))
    }
}
