//! People and what they may do.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use super::sso::Identity;
use super::{DisplayName, Email, PolicyName, UserId};

/// A person's account. Never leaves the process as it is: responses are made from it field by field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    #[serde(default)]
    pub kind: UserKind,
    #[serde(deserialize_with = "Email::stored")]
    pub email: Email,
    pub name: DisplayName,
    pub role: Role,
    pub status: Status,
    /// Left out when absent: an index of the table has it as its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<DisplayName>,
    pub quota_policy: PolicyName,
    #[serde(flatten)]
    pub password: Password,
    /// Who the person is at the identity provider, once known.
    #[serde(default)]
    pub identity: Option<Identity>,
    /// Raised to end all sessions (promise 8).
    pub session: u64,
    /// Raised to end all sign-ins (promise 103).
    #[serde(default)]
    pub sign_in_epoch: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: u64,
}

/// The kind of an account's owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserKind {
    #[default]
    Person,
    /// Workloads come in as it. It has no password and no identity at a provider, so nobody logs in as it.
    Service,
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
            kind: UserKind::Person,
            email,
            name,
            role: Role::User,
            status: Status::Active,
            department: None,
            quota_policy: PolicyName::default(),
            password: Password::Absent,
            identity: None,
            session: 1,
            sign_in_epoch: 0,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// A new service account, under the address that stands for none ([`Email::of_nobody`]).
    pub fn service(name: DisplayName, now: Timestamp) -> Self {
        let user = Self::new(Email::of_nobody(), name, now);
        Self {
            kind: UserKind::Service,
            ..user
        }
    }

    /// True if the person counts among those of whom one must remain (promise 15).
    pub fn is_active_admin(&self) -> bool {
        self.role == Role::Admin && self.status == Status::Active
    }

    /// True if the person can sign in as administrator also without single sign-on.
    pub fn is_admin_with_password(&self) -> bool {
        self.is_active_admin() && self.password.is_set()
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

/// The password of an account, as far as it was read: functions that judge rights and manage accounts read no hashes
/// (promise 75).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredPassword", into = "StoredPassword")]
pub enum Password {
    /// There is none: single sign-on is the only way in.
    Absent,
    /// There is one, and its hash was not read. Stored, it leaves the hash as it is.
    Unread,
    /// Whether there is one is in the hash alone, which was not read: the account is older than the attribute that
    /// tells it. Stored, it leaves both as they are.
    Untold,
    Hash(PasswordHash),
}

impl Password {
    /// True also where it is not told: what relies on there being none, or on its being the last one, is refused.
    pub fn is_set(&self) -> bool {
        *self != Self::Absent
    }

    /// The hash, where there is one and it was read.
    pub fn hash(&self) -> Option<&PasswordHash> {
        match self {
            Self::Hash(hash) => Some(hash),
            Self::Absent | Self::Unread | Self::Untold => None,
        }
    }
}

impl From<Option<PasswordHash>> for Password {
    fn from(hash: Option<PasswordHash>) -> Self {
        hash.map_or(Self::Absent, Self::Hash)
    }
}

/// A [`Password`] as two attributes of the account's item, so that whether there is one can be read without the hash.
#[derive(Clone, Serialize, Deserialize)]
struct StoredPassword {
    /// Left out where it is not read, `null` where there is none.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    password_hash: Option<Option<PasswordHash>>,
    /// Absent in items that are older than the attribute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    has_password: Option<bool>,
}

fn given<'de, D: Deserializer<'de>>(hash: D) -> Result<Option<Option<PasswordHash>>, D::Error> {
    Option::deserialize(hash).map(Some)
}

impl From<StoredPassword> for Password {
    fn from(stored: StoredPassword) -> Self {
        match (stored.password_hash, stored.has_password) {
            (Some(hash), _) => hash.into(),
            (None, Some(false)) => Self::Absent,
            (None, Some(true)) => Self::Unread,
            (None, None) => Self::Untold,
        }
    }
}

impl From<Password> for StoredPassword {
    fn from(password: Password) -> Self {
        Self {
            has_password: (password != Password::Untold).then(|| password.is_set()),
            password_hash: match password {
                Password::Absent => Some(None),
                Password::Unread | Password::Untold => None,
                Password::Hash(hash) => Some(Some(hash)),
            },
        }
    }
}

/// An account as responses show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Profile {
    pub id: UserId,
    pub kind: UserKind,
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
            kind: user.kind,
            email: user.email.clone(),
            name: user.name.clone(),
            role: user.role,
            status: user.status,
            department: user.department.clone(),
            quota_policy: user.quota_policy.clone(),
            has_password: user.password.is_set(),
            identity: user.identity.clone(),
            created_at: user.created_at,
            updated_at: user.updated_at,
            version: user.version,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn p75_a_password_that_was_not_read_is_told_apart_from_none() {
        let hash = Password::Hash(PasswordHash::new("$argon2id$".to_owned()));
        for (password, stored) in [
            (Password::Absent, json!({"password_hash": null, "has_password": false})),
            (
                hash.clone(),
                json!({"password_hash": "$argon2id$", "has_password": true}),
            ),
            (Password::Unread, json!({"has_password": true})),
            (Password::Untold, json!({})),
        ] {
            assert_eq!(serde_json::to_value(&password).unwrap(), stored);
            assert_eq!(read(stored), password);
        }
        // Of items without the one attribute or the other.
        assert_eq!(read(json!({"password_hash": null})), Password::Absent);
        assert_eq!(read(json!({"password_hash": "$argon2id$"})), hash);
        assert_eq!(read(json!({"has_password": false})), Password::Absent);
    }

    fn read(stored: Value) -> Password {
        serde_json::from_value(stored).unwrap()
    }
}
