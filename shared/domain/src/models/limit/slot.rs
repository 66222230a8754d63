//! The name of a limit's own counter in the meters.

use serde::{Deserialize, Serialize};

use crate::random;

/// Characters of a slot: 62⁶ are 5.7 · 10¹⁰.
const LENGTH: usize = 6;

/// The name of a counter that one limit has for itself, drawn when the limit is made: it is never used again, so that a
/// limit that comes back does not find what was counted before it went
/// (docs/decisions/0073-a-limit-of-a-list-has-a-drawn-slot.md).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Slot(String);

impl Slot {
    pub fn draw() -> Self {
        Self(random::base62(LENGTH))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The counter of limits that were stored without one: they share it, and so refuse too much rather than too little.
impl Default for Slot {
    fn default() -> Self {
        Self("_".to_owned())
    }
}
