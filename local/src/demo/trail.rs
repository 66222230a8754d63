//! Entries of the audit trail, as deeds of the past would have left them.

use std::net::{IpAddr, Ipv4Addr};

use domain::models::RequestId;
use domain::models::audit::AuditEntry;
use domain::models::user::User;
use domain::random;
use jiff::Timestamp;
use service::http::origin::Origin;

/// The entry of a deed of `user` at `at`.
pub(super) fn by(user: &User, at: Timestamp, action: &str, target: impl ToString) -> AuditEntry {
    let origin = Origin {
        request_id: RequestId::generate(),
        address: Some(address_of(user)),
    };
    AuditEntry {
        // Entries are listed by their ids, which begin with the time.
        id: random::sortable_id_at(at),
        ..origin.audit(&user.id, action, target, at).by(user)
    }
}

/// The same of somebody who is not signed in.
pub(super) fn unnamed(entry: AuditEntry) -> AuditEntry {
    AuditEntry {
        actor: "anonymous".to_owned(),
        actor_name: None,
        actor_email: None,
        ..entry
    }
}

/// An address of the office's network, the same for each person.
pub(super) fn address_of(user: &User) -> IpAddr {
    let sum = user.email.as_str().bytes().fold(7_u8, u8::wrapping_add);
    IpAddr::V4(Ipv4Addr::new(10, 20, 1 + sum % 4, sum.max(2)))
}
