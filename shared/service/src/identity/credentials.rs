//! The gateway's credentials at AWS: looked for when a backend first needs them, and shared by all.

use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use domain::clock::Clock;
use jiff::Timestamp;
use tokio::time::Instant;

use super::slot::{Fetched, Kept, Slot};

/// Credentials that are kept until shortly before their end. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct AwsCredentials {
    provider: SharedCredentialsProvider,
    clock: Clock,
    slot: Arc<Slot<Credentials>>,
}

impl AwsCredentials {
    pub(super) fn new(provider: SharedCredentialsProvider, clock: Clock) -> Self {
        Self {
            provider,
            clock,
            slot: Arc::default(),
        }
    }

    pub(super) async fn get(&self) -> Result<Kept<Credentials>, CredentialsError> {
        let fetch = async {
            let value = self.provider.provide_credentials().await?;
            let end = value.expiry().and_then(|end| Timestamp::try_from(end).ok());
            Ok(Fetched {
                value,
                end: end.unwrap_or(Timestamp::MAX),
            })
        };
        self.slot.get(&self.clock, fetch).await
    }

    /// Forgets the credentials that were fetched at `since`: AWS has refused them.
    pub(super) async fn forget(&self, since: Instant) {
        self.slot.forget(since).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::{Duration, SystemTime};

    use aws_credential_types::provider::future;

    use super::*;

    /// Gives keys that live for ten minutes, numbered; the third time it fails.
    #[derive(Debug)]
    struct Source {
        clock: Clock,
        asked: AtomicU32,
    }

    impl ProvideCredentials for Source {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            let number = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
            let end = SystemTime::from(self.clock.now()) + Duration::from_mins(10);
            future::ProvideCredentials::ready(if number == 3 {
                Err(CredentialsError::not_loaded_no_source())
            } else {
                Ok(Credentials::new(number.to_string(), "secret", None, Some(end), "test"))
            })
        }
    }

    #[tokio::test]
    async fn credentials_are_kept_until_shortly_before_their_end() {
        let clock = Clock::fixed("2026-01-01T00:00:00Z".parse().unwrap());
        let source = Source {
            clock: clock.clone(),
            asked: AtomicU32::new(0),
        };
        let credentials = AwsCredentials::new(SharedCredentialsProvider::new(source), clock.clone());
        let id = async || {
            credentials
                .get()
                .await
                .map(|found| found.value.access_key_id().to_owned())
                .ok()
        };
        let pass = |minutes| clock.advance(Duration::from_mins(minutes));
        assert_eq!(id().await.as_deref(), Some("1"));
        pass(4);
        assert_eq!(id().await.as_deref(), Some("1"));
        pass(2);
        assert_eq!(id().await.as_deref(), Some("2"), "four minutes are left");
        pass(6);
        assert_eq!(id().await.as_deref(), Some("2"), "there are none, and these serve on");
        let refused = credentials.get().await.unwrap().since;
        credentials.forget(refused).await;
        assert_eq!(id().await.as_deref(), Some("4"));
    }
}
