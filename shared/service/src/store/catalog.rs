//! Models and backends.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::change::{CatalogChange, Change};
use super::counter::{Count, Relation, count_by, count_is};
use super::expression::Expression;
use super::item::Range;
use super::keys::{self, BACKEND, CATALOG, HEALTH, MODEL};
use super::leases::Leases;
use super::table::Table;
use super::transaction::Transaction;
use super::write::Written;
use super::{Store, StoreError};
use domain::models::audit::AuditEntry;
use domain::models::catalog::{Backend, Catalog, Entry, Model};
use domain::models::health::Health;
use domain::models::{BackendId, ModelId};

/// The place of the catalog's revision in a transaction.
const REVISION: usize = 0;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct HealthItem {
    backend_id: BackendId,
    health: Health,
    version: u64,
}

impl HealthItem {
    fn of_new(backend: &Backend) -> Self {
        Self {
            backend_id: backend.id.clone(),
            health: backend.health.clone(),
            version: backend.health.version,
        }
    }

    fn into_health(self) -> Health {
        Health {
            version: self.version,
            ..self.health
        }
    }
}

impl Store {
    /// The catalog as this process knows it, at most 30 s old.
    pub async fn catalog(&self) -> Result<Arc<Catalog>, StoreError> {
        let known = self
            .memory
            .catalog
            .get(&(), || async {
                self.read_catalog().await.map(|catalog| Some(Arc::new(catalog)))
            })
            .await?;
        Ok(known.unwrap_or_default())
    }

    /// The catalog as it is now. Its revision is read before all else, so that what is judged by the catalog and
    /// written under this revision crosses no other such change.
    pub async fn read_catalog(&self) -> Result<Catalog, StoreError> {
        let revision: Option<Count> = self.get(&keys::catalog_revision()).await?;
        let (models, mut backends, found) = tokio::try_join!(
            self.entries(MODEL),
            self.entries::<Backend>(BACKEND),
            self.entries::<HealthItem>(HEALTH)
        )?;
        let mut found: HashMap<_, _> = found
            .into_iter()
            .map(|item| (item.backend_id.clone(), item.into_health()))
            .collect();
        for backend in &mut backends {
            backend.health = found.remove(&backend.id).unwrap_or_default();
        }
        let revision = revision.map_or(0, |changes| changes.count);
        Ok(Catalog::new(models, backends).at_revision(revision))
    }

    /// The health of a backend as it is now; `None` if there is no such backend.
    pub async fn health(&self, id: &BackendId) -> Result<Option<Health>, StoreError> {
        let item: Option<HealthItem> = self.get(&keys::health(id)).await?;
        Ok(item.map(HealthItem::into_health))
    }

    /// Writes the health of a backend, if nobody has written since the state of `health.version` was read. Who loses
    /// knows less than what is there, and does not try again. Of a backend that is gone nothing is kept.
    pub async fn update_health(&self, id: &BackendId, health: &Health) -> Result<Change, StoreError> {
        let written = self.write_health(id, health).await;
        self.memory.catalog.forget(&());
        written
    }

    /// The same for a health that this process need not read again: it tells of a success.
    pub async fn record_success(&self, id: &BackendId, health: &Health) -> Result<Change, StoreError> {
        self.write_health(id, health).await
    }

    async fn write_health(&self, id: &BackendId, health: &Health) -> Result<Change, StoreError> {
        let corrupt = |source| StoreError::Corrupt {
            entity: Table::Catalog.name(),
            source: Box::new(source),
        };
        let set = Expression::new("SET #health = :health, #version = :next").name("#health", "health");
        let set = set
            .value(":health", serde_dynamo::to_attribute_value(health).map_err(corrupt)?)
            .number(":next", health.version + 1);
        let written: Written<HealthItem> = self
            .update_if(&keys::health(id), set, Expression::at_version(health.version))
            .await?;
        Ok(if written == Written::Done {
            Change::Done
        } else {
            Change::Conflict
        })
    }

    pub async fn model(&self, id: &ModelId) -> Result<Option<Model>, StoreError> {
        self.get(&keys::model(id)).await
    }

    pub async fn backend(&self, id: &BackendId) -> Result<Option<Backend>, StoreError> {
        self.get(&keys::backend(id)).await
    }

    /// Creates the model, whose names were judged at `revision`.
    pub async fn create_model(
        &self,
        model: &Model,
        revision: u64,
        audit: &AuditEntry,
    ) -> Result<CatalogChange, StoreError> {
        let transaction =
            self.transaction()
                .judged_at(revision)?
                .put(&keys::model(&model.id), model, Expression::absent())?;
        self.change_catalog(transaction.audited(audit)?).await
    }

    /// Replaces the model, whose names were judged at `revision`, if it still has the version before `model.version`.
    pub async fn update_model(
        &self,
        model: &Model,
        revision: u64,
        audit: &AuditEntry,
    ) -> Result<CatalogChange, StoreError> {
        let expected = Expression::at_version(model.version - 1);
        let transaction = self
            .transaction()
            .judged_at(revision)?
            .put(&keys::model(&model.id), model, expected)?;
        self.change_catalog(transaction.audited(audit)?).await
    }

    /// Removes the model, together with its `backends`, which are all that it had at `revision`, in one transaction.
    pub async fn delete_model(
        &self,
        entry: &Entry,
        revision: u64,
        audit: &AuditEntry,
    ) -> Result<CatalogChange, StoreError> {
        let Entry { model, backends, .. } = entry;
        let mut transaction = self
            .transaction()
            .judged_at(revision)?
            .delete(&keys::model(&model.id), Expression::at_version(model.version))?;
        for backend in backends {
            transaction = transaction.without_backend(backend)?;
        }
        self.change_catalog(transaction.audited(audit)?).await
    }

    /// Adds a backend to a model that exists, and had room for it at `revision`, with what is known of it and held
    /// there: both are only ever changed, so that nobody who is late leaves any of it behind for a backend that is
    /// gone.
    pub async fn create_backend(
        &self,
        backend: &Backend,
        revision: u64,
        audit: &AuditEntry,
    ) -> Result<CatalogChange, StoreError> {
        let transaction =
            self.transaction()
                .judged_at(revision)?
                .put(&keys::backend(&backend.id), backend, Expression::absent())?;
        let transaction = transaction.put(
            &keys::health(&backend.id),
            &HealthItem::of_new(backend),
            Expression::always(),
        )?;
        let transaction = transaction.put(&keys::leases(&backend.id), &Leases::default(), Expression::always())?;
        let transaction = transaction.check(&keys::model(&backend.model_id), Expression::present())?;
        self.change_catalog(transaction.audited(audit)?).await
    }

    /// Replaces the backend, if it still has the version before `backend.version`.
    pub async fn update_backend(&self, backend: &Backend, audit: &AuditEntry) -> Result<Change, StoreError> {
        let expected = Expression::at_version(backend.version - 1);
        let commit = self
            .transaction()
            .put(&keys::backend(&backend.id), backend, expected)?
            .audited(audit)?
            .commit()
            .await?;
        self.memory.catalog.forget(&());
        Ok(commit.into())
    }

    pub async fn delete_backend(&self, backend: &Backend, audit: &AuditEntry) -> Result<Change, StoreError> {
        let commit = self
            .transaction()
            .without_backend(backend)?
            .audited(audit)?
            .commit()
            .await?;
        self.memory.catalog.forget(&());
        Ok(commit.into())
    }

    async fn change_catalog(&self, transaction: Transaction<'_>) -> Result<CatalogChange, StoreError> {
        let commit = transaction.commit().await?;
        self.memory.catalog.forget(&());
        Ok(CatalogChange::of(&commit, REVISION))
    }

    async fn entries<T: for<'de> Deserialize<'de>>(&self, prefix: &str) -> Result<Vec<T>, StoreError> {
        self.all(&Range {
            table: Table::Catalog,
            index: None,
            pk: CATALOG,
            prefix,
            newest_first: false,
        })
        .await
    }
}

impl Transaction<'_> {
    /// Counts a change that was judged by the catalog of `revision`, if no other one came between. It is the first
    /// write.
    fn judged_at(self, revision: u64) -> Result<Self, StoreError> {
        let unchanged = count_is(Relation::Equal, revision);
        let expected = if revision == 0 { Expression::absent() } else { unchanged };
        self.update(&keys::catalog_revision(), count_by(1), expected)
    }

    /// Deletes a backend as it was read, with what is known of it and held there.
    fn without_backend(self, backend: &Backend) -> Result<Self, StoreError> {
        let transaction = self.delete(&keys::backend(&backend.id), Expression::at_version(backend.version))?;
        let transaction = transaction.delete(&keys::health(&backend.id), Expression::always())?;
        transaction.delete(&keys::leases(&backend.id), Expression::always())
    }
}
