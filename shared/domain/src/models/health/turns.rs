//! When a backend went out and came back: the latest turns of its health, for people who look at it.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::availability::Availability;
use super::class::FailureClass;

/// Turns that are kept.
const MOST: usize = 20;

/// A change of a backend's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    pub at: Timestamp,
    pub state: Availability,
    /// Why it was ejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<FailureClass>,
}

/// The latest [`MOST`] turns, oldest first. Cheap to clone: each request's result has a health of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Turns(Arc<[Turn]>);

impl Turns {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// These, and `turn` as the latest.
    #[must_use]
    pub fn with(&self, turn: Turn) -> Self {
        let dropped = (self.0.len() + 1).saturating_sub(MOST);
        Self(self.0.iter().skip(dropped).copied().chain([turn]).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g7_the_latest_twenty_turns_are_kept() {
        let turn = |second| Turn {
            at: Timestamp::from_second(second).unwrap(),
            state: Availability::Ejected,
            reason: Some(FailureClass::Timeout),
        };
        let turns = (0..25).fold(Turns::default(), |turns, second| turns.with(turn(second)));
        let kept: Vec<i64> = turns.0.iter().map(|turn| turn.at.as_second()).collect();
        assert_eq!(kept, (5..25).collect::<Vec<_>>());
    }
}
