//! Changes that their actors may not make, for the audit trail (promise 76).

use http::Method;
use http::request::Parts;
use jiff::Timestamp;

use super::error::{Code, shown};
use super::extract::Actor;
use domain::models::audit::AuditEntry;

/// A change that a person has asked for without the rights to it.
pub struct RefusedChange {
    pub(super) actor: Actor,
    method: Method,
    path: String,
}

impl RefusedChange {
    /// Of a request of a person who was authenticated; `None` where nothing would be changed.
    pub(super) fn of(parts: &Parts) -> Option<Self> {
        // Routes of `GET` also answer `HEAD`.
        if parts.method.is_safe() {
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::http::session_caller::SessionCaller;
    use domain::access::session::Session;
    use domain::models::user::User;

    #[test]
    fn p76_only_a_method_that_changes_something_is_a_refused_change() {
        let email = "a@example.com".to_owned().try_into().unwrap();
        let user = User::new(email, "A".to_owned().try_into().unwrap(), Timestamp::UNIX_EPOCH);
        let session = Session {
            user: user.id.clone(),
            number: user.session,
            login_at: Timestamp::UNIX_EPOCH,
            expires_at: Timestamp::MAX,
        };
        let user = Arc::new(user);
        for (method, is_change) in [
            (Method::GET, false),
            (Method::HEAD, false),
            (Method::POST, true),
            (Method::PUT, true),
            (Method::DELETE, true),
        ] {
            let request = http::Request::builder()
                .method(method.clone())
                .uri("/api/v1/admin/users");
            let mut parts = request.body(()).unwrap().into_parts().0;
            parts.extensions.insert(SessionCaller {
                user: Arc::clone(&user),
                session: session.clone(),
            });
            assert_eq!(RefusedChange::of(&parts).is_some(), is_change, "{method}");
        }
    }
}
