//! Who changed what, when (promise 60).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::user::User;
use super::{DisplayName, Email, RequestId, UserId};

/// One entry of the audit trail. Holds no secret: of one that was changed only its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Sorts by time.
    pub id: String,
    pub at: Timestamp,
    /// The acting user's id, or `anonymous`, or `system`.
    pub actor: String,
    /// The acting user's name and address, as they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_name: Option<DisplayName>,
    #[serde(
        default,
        deserialize_with = "Email::stored_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub actor_email: Option<Email>,
    /// The source address, where it is known.
    #[serde(default)]
    pub address: Option<String>,
    /// Noun and verb: `backend.create`.
    pub action: String,
    /// The id of what was acted on.
    pub target: String,
    /// The fields that changed.
    #[serde(default)]
    pub changed: Vec<String>,
    /// What they were and are, unless they are secret.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, Values>,
    /// `ok`, or why it was refused.
    pub result: String,
    pub request_id: RequestId,
    /// Not stored: what the change that the entry tells of is made with.
    #[serde(skip)]
    pub authority: Option<Authority>,
}

/// A field before a change and after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Values {
    pub old: Value,
    pub new: Value,
}

impl AuditEntry {
    /// The same of an action of `user`.
    #[must_use]
    pub fn by(self, user: &User) -> Self {
        Self {
            actor_name: Some(user.name.clone()),
            actor_email: Some(user.email.clone()),
            ..self
        }
    }

    /// With the values of the fields that changed, as far as `old` and `new` show them: they are what anybody may see
    /// who may read the trail.
    #[must_use]
    pub fn telling(self, old: &impl Serialize, new: &impl Serialize) -> Self {
        let names = self.changed.clone();
        self.telling_of(names, old, new)
    }

    /// With what a new object has in these fields.
    #[must_use]
    pub fn creating(self, fields: &[&str], new: &impl Serialize) -> Self {
        self.telling_of(fields, &(), new)
    }

    /// With what an object that goes had in these fields.
    #[must_use]
    pub fn deleting(self, fields: &[&str], old: &impl Serialize) -> Self {
        self.telling_of(fields, old, &())
    }

    /// With the values of those of these fields that differ.
    #[must_use]
    pub fn telling_of(
        mut self,
        fields: impl IntoIterator<Item = impl AsRef<str>>,
        old: &impl Serialize,
        new: &impl Serialize,
    ) -> Self {
        let member = |object: &Value, field: &str| object.get(field).cloned().unwrap_or_default();
        // What cannot be shown is not told.
        let shown = |object: serde_json::Result<Value>| object.unwrap_or_default();
        let (old, new) = (shown(serde_json::to_value(old)), shown(serde_json::to_value(new)));
        for field in fields {
            let field = field.as_ref();
            let values = Values {
                old: member(&old, field),
                new: member(&new, field),
            };
            if values.old != values.new {
                self.values.insert(field.to_owned(), values);
            }
        }
        self
    }
}

/// A session, as a person makes changes with it. A change is written only while the account has this session
/// (promise 61).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    pub user: UserId,
    pub session: u64,
}
