//! One thing that wants an administrator's attention.

use jiff::Timestamp;
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct Attention {
    pub(super) kind: Kind,
    pub(super) target: Option<Target>,
    pub(super) since: Option<Timestamp>,
    /// The number of people or requests, or the percentage of a limit that is used.
    pub(super) count: Option<u64>,
    pub(super) reason: Option<String>,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// A backend is not available; `reason` is its last failure.
    BackendOut,
    /// Accounts wait for approval.
    Approvals,
    /// A policy in shadow mode would have refused requests.
    Shadow,
    /// The last test of single sign-on failed; `reason` is that of the failed step.
    SsoFailed,
    /// No model has a backend that is in use.
    NoModel,
    /// A person has used four fifths of a quota, or more; `reason` is the policy's field.
    LimitNear,
}

/// The object that it is about.
#[derive(Debug, Serialize)]
pub(super) struct Target {
    pub(super) id: String,
    pub(super) name: String,
}

impl Attention {
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            kind,
            target: None,
            since: None,
            count: None,
            reason: None,
        }
    }

    pub(super) fn about(self, id: impl ToString, name: impl ToString) -> Self {
        let target = Target {
            id: id.to_string(),
            name: name.to_string(),
        };
        Self {
            target: Some(target),
            ..self
        }
    }
}
