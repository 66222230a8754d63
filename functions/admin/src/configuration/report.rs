//! The report of an import: what it has changed, or would change.

use crate::fields::Fields;
use crate::refusal::Refusal;
use domain::models::ModelId;
use serde::Serialize;

/// The changes in the order in which they are made. Where one fails, those after it are skipped.
#[derive(Debug, Serialize)]
pub struct Report {
    /// True if the installation is what the document says.
    pub complete: bool,
    /// Objects of the document that were so already.
    pub unchanged: usize,
    pub changes: Vec<Change>,
}

/// One change of one object.
#[derive(Debug, Serialize)]
pub struct Change {
    pub action: Action,
    pub object: Object,
    /// The model that a backend is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelId>,
    /// The model's id, the name of a department, policy or backend; `settings`, `organisation`, `sso`.
    pub name: String,
    /// The fields that the document gives or changes.
    pub fields: Vec<String>,
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The id by which the object's route knows it.
    #[serde(skip)]
    pub(super) id: String,
    /// The version that the change was judged by.
    #[serde(skip)]
    pub(super) version: Option<u64>,
    /// The body that its route is sent.
    #[serde(skip)]
    pub(super) body: Body,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    Create,
    Update,
    Delete,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Object {
    Settings,
    Organisation,
    Department,
    Policy,
    Model,
    Backend,
    Sso,
}

/// The state of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum Outcome {
    Planned,
    Done,
    Failed(Refusal),
    /// Another one failed before, or there was no time left.
    Skipped,
}

/// The body of a request. May hold a backend's key, and so shows nothing.
#[derive(Default)]
pub(super) struct Body(pub(super) Fields);

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Body")
    }
}

impl Report {
    pub(super) fn of(changes: Vec<Change>, unchanged: usize) -> Self {
        let is_open = |change: &Change| change.outcome != Outcome::Done;
        Self {
            complete: !changes.iter().any(is_open),
            unchanged,
            changes,
        }
    }
}
