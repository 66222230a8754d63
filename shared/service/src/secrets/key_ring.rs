//! The signing keys as this process knows them: loaded from their secret, and again before a new one may sign.

use std::sync::{Arc, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};

use super::{Secrets, SecretsError};
use domain::access::session::{SigningKeys, SigningKeysError};
use domain::clock::Clock;

/// The secret's name.
const NAME: &str = "jwt";
/// Shorter than [`domain::access::session::KEY_SPREAD`], so that a key is known everywhere before it signs.
const RELOAD_AFTER: SignedDuration = SignedDuration::from_mins(4);

/// Cheap to clone; clones share what was loaded.
#[derive(Clone, Debug)]
pub struct KeyRing {
    secrets: Secrets,
    clock: Clock,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    loaded: RwLock<Option<Loaded>>,
    /// One load at a time.
    loading: tokio::sync::Mutex<()>,
}

#[derive(Clone, Debug)]
struct Loaded {
    keys: Arc<SigningKeys>,
    fresh_until: Timestamp,
}

/// No signing key can be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyRingError {
    #[error("the signing keys cannot be loaded")]
    Load(#[from] SecretsError),
    #[error("there are no signing keys: the installation was not bootstrapped")]
    Missing,
    #[error("the signing keys cannot be used")]
    Invalid(#[from] SigningKeysError),
}

impl KeyRing {
    /// Nothing is loaded yet.
    pub fn new(secrets: Secrets, clock: Clock) -> Self {
        Self {
            secrets,
            clock,
            shared: Arc::default(),
        }
    }

    /// Makes the first key where there is none, and fails when there are some that must not be used (promise 6).
    pub async fn ensure(&self) -> Result<(), KeyRingError> {
        if self.secrets.get(NAME).await?.is_none() {
            let first = SigningKeys::generate(self.clock.now());
            self.secrets.put(NAME, &first.into()).await?;
        }
        self.keys().await.map(|_| ())
    }

    /// The keys. Those that were loaded once go on when their home cannot be reached.
    pub async fn keys(&self) -> Result<Arc<SigningKeys>, KeyRingError> {
        if let Some(keys) = self.fresh() {
            return Ok(keys);
        }
        let _one_at_a_time = self.shared.loading.lock().await;
        if let Some(keys) = self.fresh() {
            return Ok(keys);
        }
        match (self.load().await, self.loaded()) {
            (Ok(keys), _) => Ok(keys),
            (Err(KeyRingError::Load(error)), Some(old)) => {
                tracing::warn!(error = %error, "the signing keys could not be loaded again; the known ones go on");
                Ok(old.keys)
            }
            (Err(error), _) => Err(error),
        }
    }

    async fn load(&self) -> Result<Arc<SigningKeys>, KeyRingError> {
        let stored = self.secrets.get(NAME).await?.ok_or(KeyRingError::Missing)?;
        let keys = Arc::new(SigningKeys::parse(stored.expose())?);
        let fresh_until = self.clock.now() + RELOAD_AFTER;
        let mut loaded = self.shared.loaded.write().unwrap_or_else(PoisonError::into_inner);
        *loaded = Some(Loaded {
            keys: keys.clone(),
            fresh_until,
        });
        Ok(keys)
    }

    fn fresh(&self) -> Option<Arc<SigningKeys>> {
        self.loaded()
            .filter(|loaded| self.clock.now() < loaded.fresh_until)
            .map(|loaded| loaded.keys)
    }

    fn loaded(&self) -> Option<Loaded> {
        self.shared
            .loaded
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use super::*;
    use crate::secrets::FileSecrets;

    #[tokio::test]
    async fn p8_keys_are_loaded_again_in_time_and_survive_an_outage_but_are_never_made_up() {
        let directory = std::env::temp_dir().join(domain::random::sortable_id());
        fs::create_dir(&directory).unwrap();
        let path = directory.join("secrets.json");
        let clock = Clock::fixed("2026-11-23T08:00:00Z".parse().unwrap());
        let ring = KeyRing::new(Secrets::File(FileSecrets::new(path.clone())), clock.clone());
        assert!(matches!(ring.keys().await, Err(KeyRingError::Missing)));
        ring.ensure().await.unwrap();
        let first = format!("{:?}", ring.keys().await.unwrap());
        fs::write(
            &path,
            serde_json::json!({"jwt": SigningKeys::generate(clock.now())}).to_string(),
        )
        .unwrap();
        clock.advance(Duration::from_secs(239));
        assert_eq!(format!("{:?}", ring.keys().await.unwrap()), first);
        clock.advance(Duration::from_secs(1));
        assert_ne!(format!("{:?}", ring.keys().await.unwrap()), first);
        fs::write(&path, "not JSON").unwrap();
        clock.advance(Duration::from_hours(1));
        assert!(ring.keys().await.is_ok(), "known keys go on");
        fs::write(&path, r#"{"jwt": "{\"keys\": []}"}"#).unwrap();
        assert!(
            matches!(ring.keys().await, Err(KeyRingError::Invalid(_))),
            "a bad key is never used"
        );
        fs::remove_dir_all(directory).unwrap();
    }
}
