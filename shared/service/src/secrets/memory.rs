//! Secrets in memory: the home of a gateway that keeps nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::secret::Secret;

/// Secrets that end with the process; clones share them.
#[derive(Clone, Debug, Default)]
pub struct MemorySecrets(Arc<Mutex<BTreeMap<String, Secret>>>);

impl MemorySecrets {
    fn entries(&self) -> MutexGuard<'_, BTreeMap<String, Secret>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self, name: &str) -> Option<Secret> {
        self.entries().get(name).cloned()
    }

    pub(super) fn put(&self, name: &str, secret: &Secret) {
        self.entries().insert(name.to_owned(), secret.clone());
    }

    pub(super) fn delete(&self, name: &str) {
        self.entries().remove(name);
    }
}
