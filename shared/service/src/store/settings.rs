//! The settings: one item.

use std::sync::Arc;

use super::change::Change;
use super::expression::Expression;
use super::{Store, StoreError, keys};
use domain::models::audit::AuditEntry;
use domain::models::settings::Settings;

impl Store {
    /// The settings as this process knows them, at most 30 s old.
    pub async fn settings(&self) -> Result<Arc<Settings>, StoreError> {
        let known = self
            .memory
            .settings
            .get(&(), || async {
                self.read_settings().await.map(|settings| Some(Arc::new(settings)))
            })
            .await?;
        Ok(known.unwrap_or_default())
    }

    /// The settings as they are now.
    pub async fn read_settings(&self) -> Result<Settings, StoreError> {
        Ok(self.get(&keys::settings()).await?.unwrap_or_default())
    }

    /// Replaces the settings, if they still have the version before `settings.version`.
    pub async fn update_settings(&self, settings: &Settings, audit: &AuditEntry) -> Result<Change, StoreError> {
        let expected = if settings.version == 1 {
            Expression::absent()
        } else {
            Expression::at_version(settings.version - 1)
        };
        let commit = self
            .transaction()
            .put(&keys::settings(), settings, expected)?
            .audited(audit)?
            .commit()
            .await?;
        self.memory.settings.forget(&());
        Ok(commit.into())
    }
}
