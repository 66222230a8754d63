//! The keys of the installation as this process knows them, those that sign and those that seal: loaded from their
//! secret, and again before a new one may be used.

use std::sync::{Arc, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};

use super::{Secrets, SecretsError};
use domain::access::key_set::KeySetError;
use domain::access::sealing::SealingKeys;
use domain::access::session::SigningKeys;
use domain::clock::Clock;

/// Shorter than [`domain::access::key_set::KEY_SPREAD`], so that a key is known everywhere before it is used.
const RELOAD_AFTER: SignedDuration = SignedDuration::from_mins(4);

/// Keys that are kept together in one secret.
pub trait RingKeys: Sized {
    /// The secret's name.
    const NAME: &str;

    /// A first set of one new key, in its stored form.
    fn generate(now: Timestamp) -> String;

    /// The keys from their stored form.
    fn parse(stored: &str) -> Result<Self, KeySetError>;
}

/// Cheap to clone; clones share what was loaded.
#[derive(Debug)]
pub struct KeyRing<K = SigningKeys> {
    secrets: Secrets,
    clock: Clock,
    shared: Arc<Shared<K>>,
}

#[derive(Debug)]
struct Shared<K> {
    loaded: RwLock<Option<Loaded<K>>>,
    /// One load at a time.
    loading: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Loaded<K> {
    keys: Arc<K>,
    fresh_until: Timestamp,
}

/// No key can be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyRingError {
    #[error("the keys cannot be loaded")]
    Load(#[from] SecretsError),
    #[error("there is no secret `{0}`: the installation was not bootstrapped")]
    Missing(&'static str),
    #[error("the keys cannot be used")]
    Invalid(#[from] KeySetError),
}

impl RingKeys for SigningKeys {
    const NAME: &str = "jwt";

    fn generate(now: Timestamp) -> String {
        Self::generate(now)
    }

    fn parse(stored: &str) -> Result<Self, KeySetError> {
        Self::parse(stored)
    }
}

impl RingKeys for SealingKeys {
    const NAME: &str = "sealing-keys";

    fn generate(now: Timestamp) -> String {
        Self::generate(now)
    }

    fn parse(stored: &str) -> Result<Self, KeySetError> {
        Self::parse(stored)
    }
}

impl<K> Clone for KeyRing<K> {
    fn clone(&self) -> Self {
        Self {
            secrets: self.secrets.clone(),
            clock: self.clock.clone(),
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<K> Clone for Loaded<K> {
    fn clone(&self) -> Self {
        Self {
            keys: Arc::clone(&self.keys),
            fresh_until: self.fresh_until,
        }
    }
}

impl<K: RingKeys> KeyRing<K> {
    /// Nothing is loaded yet.
    pub fn new(secrets: Secrets, clock: Clock) -> Self {
        Self {
            secrets,
            clock,
            shared: Arc::new(Shared {
                loaded: RwLock::default(),
                loading: tokio::sync::Mutex::default(),
            }),
        }
    }

    /// Makes the first key where there is none, and fails when there are some that must not be used (promise 6).
    pub async fn ensure(&self) -> Result<(), KeyRingError> {
        if self.secrets.get(K::NAME).await?.is_none() {
            let first = K::generate(self.clock.now());
            self.secrets.put(K::NAME, &first.into()).await?;
        }
        self.keys().await.map(|_| ())
    }

    /// The keys. Those that were loaded once go on when their home cannot be reached.
    pub async fn keys(&self) -> Result<Arc<K>, KeyRingError> {
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
                tracing::warn!(
                    error = %error, secret = K::NAME, "the keys could not be loaded again; the known ones go on"
                );
                Ok(old.keys)
            }
            (Err(error), _) => Err(error),
        }
    }

    async fn load(&self) -> Result<Arc<K>, KeyRingError> {
        let stored = self.secrets.get(K::NAME).await?.ok_or(KeyRingError::Missing(K::NAME))?;
        let keys = Arc::new(K::parse(stored.expose())?);
        let fresh_until = self.clock.now() + RELOAD_AFTER;
        let mut loaded = self.shared.loaded.write().unwrap_or_else(PoisonError::into_inner);
        *loaded = Some(Loaded {
            keys: keys.clone(),
            fresh_until,
        });
        Ok(keys)
    }

    fn fresh(&self) -> Option<Arc<K>> {
        self.loaded()
            .filter(|loaded| self.clock.now() < loaded.fresh_until)
            .map(|loaded| loaded.keys)
    }

    fn loaded(&self) -> Option<Loaded<K>> {
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
        let ring: KeyRing = KeyRing::new(Secrets::File(FileSecrets::new(path.clone())), clock.clone());
        assert!(matches!(ring.keys().await, Err(KeyRingError::Missing(_))));
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
