//! Every key of every item: the only place where key texts are made.
//!
//! Parts are joined with `#`, which ids cannot hold.

use crate::models::audit::AuditEntry;
use crate::models::{BackendId, ModelId};

use super::table::Table;

/// Where one item lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) table: Table,
    pub(super) pk: String,
    pub(super) sk: String,
}

impl Key {
    fn new(table: Table, pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { table, pk: pk.into(), sk: sk.into() }
    }
}

/// The partition that holds the whole catalog: it is small, and each process reads it as one.
pub(super) const CATALOG: &str = "catalog";
pub(super) const MODEL: &str = "model#";
pub(super) const BACKEND: &str = "backend#";
pub(super) const HEALTH: &str = "health#";

pub(super) fn model(id: &ModelId) -> Key {
    Key::new(Table::Catalog, CATALOG, format!("{MODEL}{id}"))
}

pub(super) fn backend(id: &BackendId) -> Key {
    Key::new(Table::Catalog, CATALOG, format!("{BACKEND}{id}"))
}

/// Beside the backend's own item: it changes often, and not together with it.
pub(super) fn health(id: &BackendId) -> Key {
    Key::new(Table::Catalog, CATALOG, format!("{HEALTH}{id}"))
}

pub(super) fn audit(entry: &AuditEntry) -> Key {
    Key::new(Table::Audit, Key::audit_month(entry.at), entry.id.clone())
}
