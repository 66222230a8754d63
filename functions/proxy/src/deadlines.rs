//! The moments at which the phases of an exchange must be over (promise 49).

use std::time::Duration;

use domain::models::catalog::Backend;
use jiff::Timestamp;
use service::http::edge::Deadline;
use tokio::time::Instant;

use crate::limits::Limits;

/// The part of an invocation that is kept for the error event and the settlement.
const RESERVE: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadlines {
    /// No further backend is called.
    first_byte: Instant,
    /// Nothing further is read.
    pub(crate) end: Instant,
}

impl Deadlines {
    /// The deadlines of an exchange that begins `now`, in an invocation that ends at `invocation_end`. An end that has
    /// passed is ignored: `cargo lambda watch` has invocations that ended in 1970.
    pub(crate) fn new(limits: &Limits, invocation_end: Option<Deadline>, now: Timestamp) -> Self {
        let left = invocation_end
            .and_then(|Deadline(end)| Duration::try_from(end.duration_since(now)).ok())
            .filter(|left| !left.is_zero());
        let total = left.map_or(limits.total, |left| limits.total.min(left.saturating_sub(RESERVE)));
        let began = Instant::now();
        Self {
            first_byte: began + limits.first_byte.min(total),
            end: began + total,
        }
    }

    /// True while one more backend may be called.
    pub(crate) fn allow_attempt(&self) -> bool {
        Instant::now() < self.first_byte
    }

    /// The deadline for the first byte of `backend`, called now: its own timeout, else the time left for all attempts.
    pub(crate) fn first_byte_of(&self, backend: &Backend) -> Instant {
        let own = backend
            .timeout_ms
            .map(|timeout| Instant::now() + Duration::from_millis(timeout));
        own.unwrap_or(self.first_byte).min(self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deadlines(left: Option<i64>) -> Deadlines {
        let now = Timestamp::from_second(1_000_000_000).unwrap();
        let deadline = left.map(|left| Deadline(Timestamp::from_second(1_000_000_000 + left).unwrap()));
        Deadlines::new(&Limits::with_max_body(1), deadline, now)
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
            assert_eq!((deadlines(left).end - Instant::now()).as_secs(), seconds, "{left:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn p49_the_first_byte_is_due_after_the_backends_own_timeout() {
        let backend = |timeout_ms: Option<u64>| -> Backend {
            serde_json::from_value(serde_json::json!({
                "id": "b", "model_id": "m", "name": "b", "base_url": "https://host", "model_name": "m", "weight": 1, "enabled": true,
                "protocol": "openai", "max_concurrency": 0, "timeout_ms": timeout_ms,
                "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "version": 1
            }))
            .unwrap()
        };
        let due = |left, timeout_ms| (deadlines(left).first_byte_of(&backend(timeout_ms)) - Instant::now()).as_millis();
        assert_eq!(due(None, None), 120_000);
        assert_eq!(due(None, Some(50)), 50);
        assert_eq!(
            due(None, Some(600_000)),
            600_000,
            "an operator may allow a slow backend more"
        );
        assert_eq!(due(Some(80), Some(600_000)), 60_000);
    }
}
