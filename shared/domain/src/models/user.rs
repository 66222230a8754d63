//! People and what they may do.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::sso::Identity;
use super::{DisplayName, Email, PolicyName, UserId};

/// A person's account. Never leaves the process as it is: responses are made from it field by field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    pub email: Email,
    pub name: DisplayName,
    pub role: Role,
    pub status: Status,
    /// Left out when absent: an index of the table has it as its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<DisplayName>,
    pub quota_policy: PolicyName,
    /// Absent for accounts made for single sign-on.
    #[serde(default)]
    pub password_hash: Option<PasswordHash>,
    /// Who the person is at the identity provider, once known.
    #[serde(default)]
    pub identity: Option<Identity>,
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

/// The state of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Waits for an administrator's approval.
    Pending,
    Active,
    Disabled,
}

impl User {
    /// A new, active account with the least rights: without password, identity or department, under the default policy.
    pub fn new(email: Email, name: DisplayName, now: Timestamp) -> Self {
        Self {
            id: UserId::generate(),
            email,
            name,
            role: Role::User,
            status: Status::Active,
            department: None,
            quota_policy: PolicyName::default(),
            password_hash: None,
            identity: None,
            session: 1,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// True if the person counts among those of whom one must remain (promise 15).
    pub fn is_active_admin(&self) -> bool {
        self.role == Role::Admin && self.status == Status::Active
    }
}

/// A password's Argon2id hash in PHC form. Shows nothing when it is printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

impl PasswordHash {
    pub fn new(phc: String) -> Self {
        Self(phc)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// An account as responses show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Profile {
    pub id: UserId,
    pub email: Email,
    pub name: DisplayName,
    pub role: Role,
    pub status: Status,
    pub department: Option<DisplayName>,
    pub quota_policy: PolicyName,
    pub has_password: bool,
    pub identity: Option<Identity>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: u64,
}

impl From<&User> for Profile {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.clone(),
            email: user.email.clone(),
            name: user.name.clone(),
            role: user.role,
            status: user.status,
            department: user.department.clone(),
            quota_policy: user.quota_policy.clone(),
            has_password: user.password_hash.is_some(),
            identity: user.identity.clone(),
            created_at: user.created_at,
            updated_at: user.updated_at,
            version: user.version,
        }
    }
}
