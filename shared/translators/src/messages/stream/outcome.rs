//! What a stream's translation tells its relay: what to do next, and at the end how it went.

use crate::error::BackendError;
use crate::messages::wire::message::StopReason;
use crate::usage::Usage;

/// What the relay should do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Feed the next event.
    More,
    /// The answer is over; only usage and `[DONE]` are missing. Wait for them 2 seconds at most (§5.7).
    Closing,
    /// Call `finish`; nothing more is needed.
    Done,
    /// Call `finish`: the backend failed. If nothing was sent yet, answer with an HTTP error (W2), else the
    /// `error` event is written already.
    Failed,
}

/// How the backend's stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamEnd {
    /// In order, or because we stopped reading.
    Closed,
    /// The connection broke.
    Broken,
    TimedOut,
}

/// How a stream went, for the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamOutcome {
    pub usage: Usage,
    /// The backend told no usage.
    pub usage_is_estimated: bool,
    /// Present if and only if the message is complete.
    pub stop_reason: Option<StopReason>,
    pub ending: Result<(), Interruption>,
    /// The backend's id of the answer.
    pub upstream_id: Option<String>,
    /// Tool calls that had to be left out because the backend never named them.
    pub nameless_calls: usize,
}

/// Why a message is not complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Interruption {
    /// The stream ended before the answer did.
    CutShort(BackendError),
    /// The backend said so, or wrote what cannot be read.
    Backend(BackendError),
}
