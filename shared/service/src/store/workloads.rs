//! Rules for workloads: all in one partition beside the catalog, read whenever a workload comes in.

use super::change::{Change, Removal};
use super::expression::Expression;
use super::item::Range;
use super::keys::{self, WORKLOAD, WORKLOADS};
use super::table::Table;
use super::transaction::Commit;
use super::{Store, StoreError};
use domain::models::WorkloadId;
use domain::models::audit::AuditEntry;
use domain::models::workload::Workload;

/// The place of the account in the transaction of a rule.
const ACCOUNT: usize = 1;

/// The end of the creation or a change of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkloadChange {
    Done,
    /// It is there already, is gone, or has another version than the one read.
    Conflict,
    /// There is no service account of the id that it names.
    NoAccount,
}

impl Store {
    /// All rules, by their ids.
    pub async fn workloads(&self) -> Result<Vec<Workload>, StoreError> {
        self.all(&Range {
            table: Table::Catalog,
            index: None,
            pk: WORKLOADS,
            prefix: WORKLOAD,
            newest_first: false,
        })
        .await
    }

    pub async fn workload(&self, id: &WorkloadId) -> Result<Option<Workload>, StoreError> {
        self.get(&keys::workload(id)).await
    }

    /// Adds a rule, while its service account is there.
    pub async fn create_workload(&self, rule: &Workload, audit: &AuditEntry) -> Result<WorkloadChange, StoreError> {
        self.write_workload(rule, Expression::absent(), audit).await
    }

    /// Replaces a rule that still has the version before `rule.version`.
    pub async fn update_workload(&self, rule: &Workload, audit: &AuditEntry) -> Result<WorkloadChange, StoreError> {
        self.write_workload(rule, Expression::at_version(rule.version - 1), audit)
            .await
    }

    /// Removes a rule of this version.
    pub async fn delete_workload(&self, rule: &Workload, audit: &AuditEntry) -> Result<Removal, StoreError> {
        let as_read = Expression::at_version(rule.version);
        let transaction = self.transaction().delete(&keys::workload(&rule.id), as_read)?;
        Ok(match transaction.audited(audit)?.commit().await?.into() {
            Change::Done => Removal::Done,
            Change::Conflict => Removal::NotFound,
        })
    }

    async fn write_workload(
        &self,
        rule: &Workload,
        expected: Expression,
        audit: &AuditEntry,
    ) -> Result<WorkloadChange, StoreError> {
        let is_service = Expression::new("#kind = :service")
            .name("#kind", "kind")
            .text(":service", "service");
        let transaction = self.transaction().put(&keys::workload(&rule.id), rule, expected)?;
        let transaction = transaction.check(&keys::user(&rule.user), is_service)?;
        Ok(match transaction.audited(audit)?.commit().await? {
            Commit::Done => WorkloadChange::Done,
            commit if commit.refused_at(ACCOUNT) => WorkloadChange::NoAccount,
            Commit::Refused(_) => WorkloadChange::Conflict,
        })
    }
}
