//! The audit trail: written once, in the transaction of the change it tells of, and kept for 400 days.

use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

use super::keys::{self, Key};
use super::transaction::{Expression, Transaction};
use super::{Store, StoreError};
use crate::models::audit::AuditEntry;

const KEPT_DAYS: i64 = 400;

#[derive(Serialize, Deserialize)]
struct AuditItem {
    #[serde(flatten)]
    entry: AuditEntry,
    ttl: i64,
}

impl AuditItem {
    fn new(entry: &AuditEntry) -> Self {
        let until = entry.at.checked_add((KEPT_DAYS * 24).hours()).unwrap_or(Timestamp::MAX);
        Self { entry: entry.clone(), ttl: until.as_second() }
    }
}

impl Transaction<'_> {
    /// The change and its entry are one: no entry, no change.
    pub(super) fn audited(self, entry: &AuditEntry) -> Result<Self, StoreError> {
        self.put(&keys::audit(entry), &AuditItem::new(entry), Expression::absent())
    }
}

impl Store {
    /// Records what is no change of an item: a refused login.
    pub async fn record(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        self.transaction().audited(entry)?.commit().await.map(|_| ())
    }
}

impl Key {
    /// One partition a month keeps each of them small enough to be read in pages.
    pub(super) fn audit_month(at: Timestamp) -> String {
        at.strftime("%Y-%m").to_string()
    }
}
