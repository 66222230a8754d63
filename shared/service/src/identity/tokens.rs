//! Minted tokens, kept in memory by what they were made of: one exchange serves all backends of one identity (promise
//! 94).

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex as SyncMutex, PoisonError};
use std::time::Duration;

use domain::clock::Clock;
use domain::secret::Secret;
use jiff::Timestamp;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// Left of a long life when a token is renewed; of a short one it is half.
const MARGIN: Duration = Duration::from_mins(5);
/// How long a token that could not be renewed is not tried again.
const PAUSE: Duration = Duration::from_secs(30);
/// Identities of which tokens are kept. Entries that are changed leave theirs behind.
const MAX_KEPT: usize = 1000;

/// A token as its endpoint gave it.
pub(super) struct Minted {
    pub(super) token: Secret,
    /// Its life.
    pub(super) seconds: u64,
}

/// A token to be shown.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) value: Secret,
    pub(super) minted: Instant,
    renew_at: Timestamp,
    end: Timestamp,
}

impl Token {
    fn new(minted: Minted, now: Timestamp) -> Self {
        let life = Duration::from_secs(minted.seconds);
        let later = |by: Duration| now.checked_add(by).unwrap_or(Timestamp::MAX);
        Self {
            value: minted.token,
            minted: Instant::now(),
            renew_at: later(life.saturating_sub(MARGIN.min(life / 2))),
            end: later(life),
        }
    }
}

type Slot = Arc<Mutex<Option<Token>>>;

/// The tokens of all identities. Clones share them.
#[derive(Debug)]
pub(super) struct Tokens<Source> {
    slots: Arc<SyncMutex<HashMap<Source, Slot>>>,
}

impl<Source> Clone for Tokens<Source> {
    fn clone(&self) -> Self {
        Self {
            slots: Arc::clone(&self.slots),
        }
    }
}

impl<Source> Default for Tokens<Source> {
    fn default() -> Self {
        Self { slots: Arc::default() }
    }
}

impl<Source: Clone + Eq + Hash> Tokens<Source> {
    /// The token of `source`, from memory or by `mint`; who asks meanwhile waits for the same one. If it cannot be
    /// renewed, the one before serves until its end.
    pub(super) async fn get<E>(
        &self,
        source: &Source,
        clock: &Clock,
        mint: impl Future<Output = Result<Minted, E>>,
    ) -> Result<Token, E> {
        let slot = self.slot(source);
        let mut kept = slot.lock().await;
        let now = clock.now();
        if let Some(token) = kept.as_ref().filter(|token| now < token.renew_at) {
            return Ok(token.clone());
        }
        match mint.await {
            Ok(minted) => Ok(kept.insert(Token::new(minted, clock.now())).clone()),
            Err(error) => match kept.as_mut().filter(|token| now < token.end) {
                Some(token) => {
                    token.renew_at = now.checked_add(PAUSE).unwrap_or(token.end).min(token.end);
                    Ok(token.clone())
                }
                None => Err(error),
            },
        }
    }

    /// Forgets the token of `source` that was minted at `minted`, and none that has come since.
    pub(super) async fn forget(&self, source: &Source, minted: Instant) {
        let slot = self.slot(source);
        let mut kept = slot.lock().await;
        if kept.as_ref().is_some_and(|token| token.minted == minted) {
            *kept = None;
        }
    }

    fn slot(&self, source: &Source) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= MAX_KEPT && !slots.contains_key(source) {
            slots.clear();
        }
        Arc::clone(slots.entry(source.clone()).or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures_util::future::join_all;

    use super::*;

    struct Bench {
        clock: Clock,
        tokens: Tokens<&'static str>,
        minted: AtomicU32,
    }

    impl Bench {
        fn new() -> Self {
            Self {
                clock: Clock::fixed("2026-01-01T00:00:00Z".parse().unwrap()),
                tokens: Tokens::default(),
                minted: AtomicU32::new(0),
            }
        }

        /// The token of `source`, numbered in the order in which tokens were minted; they live for `seconds`, or
        /// cannot be had.
        async fn get(&self, source: &'static str, seconds: Option<u64>) -> Option<String> {
            let mint = async {
                tokio::task::yield_now().await;
                let number = self.minted.fetch_add(1, Ordering::Relaxed) + 1;
                let token = Secret::from(number.to_string());
                seconds.map(|seconds| Minted { token, seconds }).ok_or(())
            };
            let token = self.tokens.get(&source, &self.clock, mint).await;
            token.ok().map(|token| token.value.expose().to_owned())
        }
    }

    #[tokio::test]
    async fn p94_one_exchange_serves_all_who_ask_at_once() {
        let bench = Bench::new();
        let all = join_all((0..10).map(|_| bench.get("a", Some(3600)))).await;
        assert!(all.iter().all(|token| token.as_deref() == Some("1")), "{all:?}");
        assert_eq!(bench.get("b", Some(3600)).await.as_deref(), Some("2"));
    }

    #[tokio::test]
    async fn p94_a_token_is_renewed_before_its_end() {
        for (life, fresh, old) in [(3600, 3299, 3301), (60, 29, 31)] {
            let bench = Bench::new();
            assert_eq!(bench.get("a", Some(life)).await.as_deref(), Some("1"));
            bench.clock.advance(Duration::from_secs(fresh));
            assert_eq!(bench.get("a", Some(life)).await.as_deref(), Some("1"));
            bench.clock.advance(Duration::from_secs(old - fresh));
            assert_eq!(bench.get("a", Some(life)).await.as_deref(), Some("2"), "{life}");
        }
    }

    #[tokio::test]
    async fn p94_a_token_that_cannot_be_renewed_serves_until_its_end() {
        let bench = Bench::new();
        bench.get("a", Some(600)).await;
        bench.clock.advance(Duration::from_secs(400));
        assert_eq!(bench.get("a", None).await.as_deref(), Some("1"));
        assert_eq!(bench.get("a", None).await.as_deref(), Some("1"));
        assert_eq!(bench.minted.load(Ordering::Relaxed), 2, "not tried again at once");
        bench.clock.advance(Duration::from_secs(200));
        assert_eq!(bench.get("a", None).await, None);
    }

    #[tokio::test]
    async fn a_token_that_was_refused_is_forgotten_and_a_newer_one_is_not() {
        let bench = Bench::new();
        let mint = async {
            Ok::<_, ()>(Minted {
                token: "x".into(),
                seconds: 3600,
            })
        };
        let first = bench.tokens.get(&"a", &bench.clock, mint).await.unwrap();
        bench.tokens.forget(&"a", first.minted).await;
        assert_eq!(bench.get("a", Some(3600)).await.as_deref(), Some("1"));
        bench.tokens.forget(&"a", first.minted).await;
        assert_eq!(bench.get("a", Some(3600)).await.as_deref(), Some("1"));
    }
}
