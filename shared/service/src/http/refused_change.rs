//! Changes that their actors may not make, for the audit trail (promise 76).

use http::Method;
use http::request::Parts;
use jiff::Timestamp;

use super::error::{Code, shown};
use super::extract::Actor;
use domain::models::audit::AuditEntry;

/// Who would have changed what, had the rights sufficed.
pub struct RefusedChange {
    pub(super) actor: Actor,
    method: Method,
    path: String,
}

impl RefusedChange {
    /// Of a request of a person who was authenticated; `None` where nothing would be changed.
    pub(super) fn of(parts: &Parts) -> Option<Self> {
        if parts.method == Method::GET {
            return None;
        }
        Some(Self {
            actor: Actor::of(parts)?,
            method: parts.method.clone(),
            path: shown(parts.uri.path()).into_owned(),
        })
    }

    pub(super) fn entry(&self, now: Timestamp) -> AuditEntry {
        let Self { actor, method, path } = self;
        let target = format!("{method} {path}");
        AuditEntry {
            result: Code::Forbidden.name().to_owned(),
            // Nothing is changed with the session.
            authority: None,
            ..actor.audit(now, "change.refuse", target, vec![])
        }
    }
}
