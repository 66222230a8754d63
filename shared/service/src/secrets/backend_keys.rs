//! The keys of backends, remembered: each key that a backend ever had has a name of its own, so what was read once
//! stays right. They are used while their home cannot be reached, for an hour at most (docs/api.md §9).

use std::sync::Arc;
use std::time::Duration;

use domain::secret::Secret;

use super::{Secrets, SecretsError};
use crate::cache::Cache;
use domain::clock::Clock;

const TRUST: Duration = Duration::from_hours(1);
/// More backends than an installation is likely to have.
const REMEMBERED: usize = 10_000;

/// The keys that this process has used. Cheap to clone; clones share the memory.
#[derive(Clone, Debug)]
pub struct BackendKeys {
    secrets: Secrets,
    known: Arc<Cache<String, Secret>>,
}

impl BackendKeys {
    pub fn new(secrets: Secrets, clock: Clock) -> Self {
        Self {
            secrets,
            known: Arc::new(Cache::lasting(TRUST, REMEMBERED, clock)),
        }
    }

    /// The key called `name` (`Backend::secret_name`), if there is one.
    pub async fn get(&self, name: &String) -> Result<Option<Secret>, SecretsError> {
        self.known.get(name, || self.secrets.get(name)).await
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::secrets::MemorySecrets;

    #[tokio::test]
    async fn a_key_that_was_read_is_used_for_an_hour_without_its_home() {
        let (secrets, clock) = (
            Secrets::Memory(MemorySecrets::default()),
            Clock::fixed(Timestamp::UNIX_EPOCH),
        );
        let keys = BackendKeys::new(secrets.clone(), clock.clone());
        let name = "backend/b/key".to_owned();
        secrets.put(&name, &"key".into()).await.unwrap();
        assert_eq!(keys.get(&name).await.unwrap(), Some("key".into()));
        secrets.delete(&name).await.unwrap();
        clock.advance(Duration::from_mins(59));
        assert_eq!(keys.get(&name).await.unwrap(), Some("key".into()));
        clock.advance(Duration::from_mins(1));
        assert_eq!(keys.get(&name).await.unwrap(), None);
    }
}
