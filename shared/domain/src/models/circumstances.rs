//! The facts of a request that support asks for, beside what is added up. Older records have none of them.

use serde::{Deserialize, Serialize};

use super::{BackendId, DisplayName, Email, PolicyName};

/// Names as they were at the time of the request, and what stood in its way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Circumstances {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_name: Option<DisplayName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_email: Option<Email>,
    /// The key's beginning, by which people know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyName>,
    /// The model's name in the request, where it is another than that of the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked_model: Option<String>,
    /// The code of the error that the client got.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Calls of backends, unless the first one succeeded.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<BackendCall>,
}

/// One call of a backend. Names are short where they are stored: a record is paid for by the kilobyte.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackendCall {
    #[serde(rename = "b")]
    pub backend: BackendId,
    /// `ok`, or what failed.
    #[serde(rename = "r")]
    pub result: String,
    /// Milliseconds until it failed, or until its first byte.
    #[serde(rename = "m")]
    pub ms: u64,
}
