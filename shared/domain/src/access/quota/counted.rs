//! The places where a reservation is counted, besides the counters that every meter has.

use serde::{Deserialize, Serialize};

use super::bucket::WindowBucket;
use super::limits::Level;
use crate::models::limit::{Slot, Unit};

/// A place where one reservation is counted, besides its day, its month and the window that the policy's rates share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    pub level: Level,
    pub slot: Slot,
    pub unit: Unit,
    pub at: CountedAt,
}

/// Stored by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CountedAt {
    Period(i32),
    Part(WindowBucket),
    /// As long as it is under way.
    Live,
}
