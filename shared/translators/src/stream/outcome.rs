//! Reports of a translated stream to its relay: the next step, and at the end the outcome.

use crate::error::{BackendError, CleanedMessage};
use crate::sealed::Unsealed;
use crate::usage::Usage;

/// The next step of the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Feed the next event.
    More,
    /// The end was announced: feed on, but end after 2 seconds without anything (B1.2).
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
    pub repairs: Repairs,
}

/// What had to be put right in a response, for the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repairs {
    /// Bytes that were no UTF-8 became U+FFFD (B5.3).
    pub invalid_utf8: bool,
    /// Something was dropped behind complete arguments (B3.1).
    pub junk_behind_arguments: bool,
    /// A finish reason that nobody knows, taken for a natural end (B4.3).
    pub unknown_finish_reason: Option<CleanedMessage>,
    /// Counts of tokens that cannot be true (B7.4).
    pub absurd_usage: bool,
    /// The type of the first item that was left out, since the client's dialect has no such thing.
    pub skipped_item: Option<CleanedMessage>,
    /// Reasoning that the client cannot send back, since it was not sealed.
    pub unsealed_reasoning: Option<Unsealed>,
}

impl Repairs {
    /// One line for the log; `None` if nothing had to be put right.
    pub fn told(&self) -> Option<String> {
        let (unknown, skipped) = (self.unknown_finish_reason.as_ref(), self.skipped_item.as_ref());
        let told = [
            self.invalid_utf8.then(|| "invalid_utf8".to_owned()),
            self.junk_behind_arguments.then(|| "junk_behind_arguments".to_owned()),
            self.absurd_usage.then(|| "absurd_usage".to_owned()),
            self.unsealed_reasoning
                .map(|reason| format!("unsealed_reasoning={}", reason.as_str())),
            unknown.map(|reason| format!("unknown_finish_reason={reason}")),
            skipped.map(|kind| format!("skipped_item={kind}")),
        ];
        let told: Vec<String> = told.into_iter().flatten().collect();
        (!told.is_empty()).then(|| told.join(", "))
    }
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
