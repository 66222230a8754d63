//! People and what they may do.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{DisplayName, PolicyName, UserId};

/// A person's account. Never leaves the process as it is: answers are made from it field by field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    /// As the person wrote it, trimmed.
    pub email: String,
    pub name: DisplayName,
    pub role: Role,
    pub status: Status,
    #[serde(default)]
    pub department: Option<String>,
    pub quota_policy: PolicyName,
    /// Argon2id in PHC form; absent for accounts made for single sign-on.
    #[serde(default)]
    pub password_hash: Option<String>,
    /// Raised to end all sessions (promise 8).
    pub session: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: u64,
}

/// What a person may do; the later ones include the earlier ones' own-account rights only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    User,
    /// Sees, approves and disables users of the own department.
    Manager,
    Admin,
}

/// Whether an account can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Waits for an administrator's approval.
    Pending,
    Active,
    Disabled,
}
