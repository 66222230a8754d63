//! A sign-in as its owner and administrators see it.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::Serialize;

use domain::access::sign_in::{ClientId, How, SignIn};
use domain::models::{SignInId, UserId};

/// The fields of a sign-in whose values the audit trail tells.
pub const TOLD: [&str; 7] = ["user", "client", "how", "rule", "subject", "address", "ends_at"];

/// A sign-in without its tokens.
#[derive(Clone, Debug, Serialize)]
pub struct SignInObject {
    id: SignInId,
    user: UserId,
    client: ClientId,
    /// `device`, `code` or `workload`; of a workload with its `rule` and the `subject` of its issuer's token.
    #[serde(flatten)]
    how: How,
    address: Option<IpAddr>,
    created_at: Timestamp,
    ends_at: Timestamp,
}

impl From<&SignIn> for SignInObject {
    fn from(sign_in: &SignIn) -> Self {
        Self {
            id: sign_in.id.clone(),
            user: sign_in.owner.clone(),
            client: sign_in.client,
            how: sign_in.how.clone(),
            address: sign_in.address,
            created_at: sign_in.created_at,
            ends_at: sign_in.ends_at,
        }
    }
}
