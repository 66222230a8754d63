//! Until when each part of an exchange may take (promise 49).

use std::time::Duration;

use domain::models::catalog::Backend;
use jiff::Timestamp;
use service::http::edge::Deadline;
use tokio::time::Instant;

use crate::Limits;

/// Of an invocation, what is kept for the error event and the settlement.
const RESERVE: Duration = Duration::from_secs(20);

/// The moments at which an exchange is over, in part or whole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    /// No backend is asked any more.
    first_byte: Instant,
    /// Nothing is read any more.
    pub(crate) end: Instant,
}

impl Times {
    /// Of an exchange that begins `now`, in an invocation that ends at `deadline`. One that has passed is none:
    /// `cargo lambda watch` has invocations that ended in 1970.
    pub(crate) fn new(limits: &Limits, deadline: Option<Deadline>, now: Timestamp) -> Self {
        let left = deadline
            .and_then(|Deadline(end)| Duration::try_from(end.duration_since(now)).ok())
            .filter(|left| !left.is_zero());
        let total = left.map_or(limits.total, |left| limits.total.min(left.saturating_sub(RESERVE)));
        let began = Instant::now();
        Self {
            first_byte: began + limits.first_byte.min(total),
            end: began + total,
        }
    }

    /// Whether one more backend may be asked.
    pub(crate) fn may_ask(&self) -> bool {
        Instant::now() < self.first_byte
    }

    /// Until when `backend`, asked now, must have begun: what its entry says, else what is left for all attempts.
    pub(crate) fn first_byte_of(&self, backend: &Backend) -> Instant {
        let own = backend
            .timeout_ms
            .map(|timeout| Instant::now() + Duration::from_millis(timeout));
        own.unwrap_or(self.first_byte).min(self.end)
    }

    /// How much is left of the whole.
    pub(crate) fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(left: Option<i64>) -> Times {
        let now = Timestamp::from_second(1_000_000_000).unwrap();
        let deadline = left.map(|left| Deadline(Timestamp::from_second(1_000_000_000 + left).unwrap()));
        Times::new(&Limits::with_max_body(1), deadline, now)
    }

    #[tokio::test(start_paused = true)]
    async fn p49_an_exchange_ends_20_seconds_before_its_invocation() {
        for (left, seconds) in [
            (None, 840),
            (Some(900), 840),
            (Some(300), 280),
            (Some(5), 0),
            (Some(-900_000_000), 840),
        ] {
            assert_eq!(times(left).left().as_secs(), seconds, "{left:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn p49_the_first_byte_is_due_when_the_backends_entry_says_so() {
        let backend = |timeout_ms: Option<u64>| -> Backend {
            serde_json::from_value(serde_json::json!({
                "id": "b", "model_id": "m", "name": "b", "base_url": "https://host", "model_name": "m", "weight": 1, "enabled": true,
                "protocol": "openai", "max_concurrency": 0, "timeout_ms": timeout_ms,
                "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "version": 1
            }))
            .unwrap()
        };
        let due = |left, timeout_ms| (times(left).first_byte_of(&backend(timeout_ms)) - Instant::now()).as_millis();
        assert_eq!(due(None, None), 120_000);
        assert_eq!(due(None, Some(50)), 50);
        assert_eq!(due(None, Some(600_000)), 600_000, "an operator knows a slow backend");
        assert_eq!(due(Some(80), Some(600_000)), 60_000);
    }
}
