//! How changes of items end.

use super::transaction::Commit;

/// How a conditional write ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Done,
    /// The item exists already, is gone, or has another version than the one read.
    Conflict,
}

/// How a change ended that was judged by the whole catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CatalogChange {
    Done,
    /// As [`Change::Conflict`].
    Conflict,
    /// Another such change came between the reading and the write: it is to be judged anew.
    Overtaken,
}

impl CatalogChange {
    /// The end of a transaction whose write at `revision` is that of the catalog's revision.
    pub(super) fn of(commit: &Commit, revision: usize) -> Self {
        match commit {
            Commit::Done => Self::Done,
            Commit::Refused(places) if places.contains(&revision) => Self::Overtaken,
            Commit::Refused(_) => Self::Conflict,
        }
    }
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
