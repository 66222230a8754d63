//! Reports of a translated stream to its relay: the next step, and at the end the outcome.

use crate::error::BackendError;
use crate::usage::Usage;

/// The next step of the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Feed the next event.
    More,
    /// The response is over; only usage and `[DONE]` are missing. Wait for them 2 seconds at most (§5.7).
    Closing,
    /// Call `finish`; nothing more is needed.
    Done,
    /// Call `finish`: the backend failed. If nothing was sent yet, respond with an HTTP error (W2), else the
    /// `error` event is written already.
    Failed,
}

/// The way in which the backend's stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamEnd {
    /// In order, or because the relay stopped reading.
    Closed,
    /// The connection broke.
    Broken,
    TimedOut,
}

/// The outcome of a stream, for usage records and logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamOutcome {
    pub usage: Usage,
    /// The backend reported no usage.
    pub usage_is_estimated: bool,
    /// `Ok` if and only if the response is complete.
    pub ending: Result<(), Interruption>,
    /// The backend's id of the response.
    pub upstream_id: Option<String>,
    /// Tool calls that had to be left out because the backend never named them.
    pub nameless_calls: usize,
}

/// The reason for which a response is not complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Interruption {
    /// The stream ended before the response did.
    CutShort(BackendError),
    /// The backend reported an error, or sent what cannot be read.
    Backend(BackendError),
}

impl Interruption {
    pub fn into_error(self) -> BackendError {
        match self {
            Self::CutShort(error) | Self::Backend(error) => error,
        }
    }
}
