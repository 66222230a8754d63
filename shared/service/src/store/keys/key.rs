//! The place of an item.

use crate::store::table::Table;

/// The key of one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct Key {
    pub(in crate::store) table: Table,
    pub(in crate::store) pk: String,
    pub(in crate::store) sk: String,
}

impl Key {
    pub(in crate::store) fn new(table: Table, pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self {
            table,
            pk: pk.into(),
            sk: sk.into(),
        }
    }
}
