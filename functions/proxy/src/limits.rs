//! Time and size limits of an exchange (promise 49, docs/api.md §7).

use std::time::Duration;

use domain::models::catalog::Backend;

#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub max_body_bytes: usize,
    /// Time to the first byte, over all attempts together.
    pub first_byte: Duration,
    /// Silence of a backend within a response, after which the response is cut short; a backend may have its own.
    pub idle: Duration,
    /// Time that a client waits for the first event of a stream; then the response begins without it (translation.md
    /// W3).
    pub begin_after: Duration,
    /// Silence towards the client, after which it gets a ping (promise 48).
    pub keep_alive: Duration,
    /// From the request to the last byte.
    pub total: Duration,
    /// The longest response that is held back to be judged as a whole.
    pub max_response_bytes: usize,
    /// The longest event of a stream.
    pub max_event_bytes: usize,
    /// The longest response that passes without being held back: a stream, or a long list of embeddings.
    pub max_stream_bytes: usize,
}

impl Limits {
    /// Silence of `backend` within a response, after which the response is cut short.
    pub(crate) fn idle_of(&self, backend: &Backend) -> Duration {
        backend.idle_timeout_ms.map_or(self.idle, Duration::from_millis)
    }

    pub fn with_max_body(max_body_bytes: usize) -> Self {
        Self {
            max_body_bytes,
            first_byte: Duration::from_mins(2),
            idle: Duration::from_mins(5),
            begin_after: Duration::from_secs(10),
            keep_alive: Duration::from_secs(15),
            total: Duration::from_mins(14),
            max_response_bytes: 5 * 1024 * 1024,
            max_event_bytes: 8 * 1024 * 1024,
            max_stream_bytes: 100 * 1024 * 1024,
        }
    }
}
