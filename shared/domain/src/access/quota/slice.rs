//! Slices: what a user holds of the limits of the accounts above, to spend without asking them again (promises 112 and 114).
//!
//! Each upper limit counts what it has given out: slices that are left, reservations, and what was used. So an admission
//! looks at the user's meter alone, and no sum over many users is needed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::owner::Owner;
use crate::models::limit::{Slot, Unit};

/// Seconds that slices stay where they are while nobody uses them.
pub const IDLE: i64 = 5 * 60;

/// The part of one upper limit that a user holds in one window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    /// The number of the window, as the owner's counter has it.
    #[serde(rename = "n")]
    pub number: i32,
    /// The second since 1970 at which the window is over.
    #[serde(rename = "e")]
    pub ends: i64,
    /// The amount that is neither used nor reserved. Less than nothing if a request used more than it had reserved.
    #[serde(rename = "l")]
    pub left: i64,
    #[serde(rename = "o")]
    pub owner: Owner,
    /// The size of the last loan, and its second since 1970.
    #[serde(rename = "s")]
    pub loan: i64,
    #[serde(rename = "t")]
    pub lent_at: i64,
}

/// The amount that a request takes from a slice of this window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Take {
    pub slot: Slot,
    pub unit: Unit,
    pub number: i32,
    pub amount: i64,
}

/// The slice that a reservation was taken from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    pub slot: Slot,
    pub unit: Unit,
    pub number: i32,
}

impl Take {
    pub(super) fn taken(&self) -> Taken {
        Taken {
            slot: self.slot.clone(),
            unit: self.unit,
            number: self.number,
        }
    }
}

impl Slice {
    pub(super) fn is_running(&self, now: Timestamp) -> bool {
        self.ends > now.as_second()
    }
}
