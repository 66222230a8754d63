//! Hashes passwords off the threads that serve, as many at once as there are processors (promise 2).

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinError, spawn_blocking};

use domain::access::password::{self, HashError, PasswordMatch};
use domain::models::user::{PasswordHash, User};
use domain::secret::Secret;

/// So long a login waits for its turn.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Cheap to clone; clones share the processors.
#[derive(Clone, Debug)]
pub struct Hasher {
    places: Arc<Semaphore>,
}

/// An account whose password was checked just now. Only [`Hasher::authenticate`] makes one, and a change that relies on
/// the password is made with it, so that the write finds what was checked (promise 61).
#[derive(Clone, Debug)]
pub struct Verified {
    user: User,
    outdated: bool,
}

impl Verified {
    /// The account as it was when the password was checked.
    pub fn user(&self) -> &User {
        &self.user
    }

    /// True if the hash has weaker parameters than today's.
    pub fn is_outdated(&self) -> bool {
        self.outdated
    }
}

/// The password was not hashed.
#[derive(Debug, thiserror::Error)]
pub enum HasherError {
    #[error("too many passwords are being hashed")]
    Busy,
    #[error(transparent)]
    Failed(#[from] HashError),
    #[error("hashing panicked")]
    Panicked(#[from] JoinError),
}

impl Default for Hasher {
    fn default() -> Self {
        Self::new()
    }
}

impl Hasher {
    pub fn new() -> Self {
        Self::with_places(std::thread::available_parallelism().map_or(1, usize::from))
    }

    /// Hashes so many passwords at once.
    pub fn with_places(places: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places)),
        }
    }

    /// The hash to store for `password`.
    pub async fn hash(&self, password: Secret) -> Result<PasswordHash, HasherError> {
        let place = self.place().await?;
        let hashing = move || {
            let hash = password::hash(password.expose());
            drop(place);
            hash
        };
        Ok(spawn_blocking(hashing).await??)
    }

    /// The account, if `password` is its own; without an account it takes as long (promise 3).
    pub async fn authenticate(&self, password: Secret, user: Option<User>) -> Result<Option<Verified>, HasherError> {
        let hash = user.as_ref().and_then(|user| user.password.hash().cloned());
        let found = self.verify(password, hash).await?;
        Ok(user.filter(|_| found != PasswordMatch::Wrong).map(|user| Verified {
            user,
            outdated: found == PasswordMatch::RightButOutdated,
        }))
    }

    /// How `password` compares with `hash`; without one it takes as long and is wrong.
    async fn verify(&self, password: Secret, hash: Option<PasswordHash>) -> Result<PasswordMatch, HasherError> {
        let place = self.place().await?;
        let verifying = move || {
            let matched = password::verify(password.expose(), hash.as_ref());
            drop(place);
            matched
        };
        Ok(spawn_blocking(verifying).await?)
    }

    /// The place is held by the hashing itself, so that a caller who leaves does not free it early.
    async fn place(&self) -> Result<OwnedSemaphorePermit, HasherError> {
        let waiting = tokio::time::timeout(TIMEOUT, self.places.clone().acquire_owned());
        waiting.await.ok().and_then(Result::ok).ok_or(HasherError::Busy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn p2_who_waits_longer_than_two_seconds_is_turned_away() {
        let hasher = Hasher {
            places: Arc::new(Semaphore::new(1)),
        };
        let held = hasher.place().await.unwrap();
        assert!(matches!(hasher.place().await, Err(HasherError::Busy)));
        drop(held);
        assert!(hasher.place().await.is_ok());
    }

    #[tokio::test]
    async fn what_was_hashed_is_verified() {
        let hasher = Hasher::new();
        let hash = hasher.hash("password123".into()).await.unwrap();
        assert_eq!(
            hasher.verify("password123".into(), Some(hash)).await.unwrap(),
            PasswordMatch::Right
        );
        assert_eq!(
            hasher.verify("password123".into(), None).await.unwrap(),
            PasswordMatch::Wrong
        );
    }
}
