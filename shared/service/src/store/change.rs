//! How changes of items end.

use super::transaction::Commit;

/// How a conditional write ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Done,
    /// The item exists already, is gone, or has another version than the one read.
    Conflict,
}

/// How a deletion ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    Done,
    NotFound,
}

impl From<Commit> for Change {
    fn from(commit: Commit) -> Self {
        match commit {
            Commit::Done => Self::Done,
            Commit::Refused(_) => Self::Conflict,
        }
    }
}
