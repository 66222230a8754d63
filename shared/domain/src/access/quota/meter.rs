//! What is kept of one user's use: one item, so that one condition can look at all of it.
//!
//! Names are short where they are stored: an item is paid for by the kilobyte.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::limits::Level;
use super::owner::Owner;
use super::period::Period;
use super::reservation::StoredReservation;
use super::slice::Slice;
use super::warned::Warned;
use super::window::Window;
use crate::models::UsageId;
use crate::models::limit::Slot;

/// A limit's own counter. It counts what its limit is about and nothing else; a window counts requests in its tally of
/// requests, and tokens or cost in that of tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SlotCounter {
    Window(Window),
    Period(Period),
}

/// The counters of limits that have one of their own.
pub type Slots = BTreeMap<Slot, SlotCounter>;

/// The counters of one user and the requests that are under way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meter {
    /// There once a policy has limited a rate.
    #[serde(rename = "w", default)]
    pub window: Option<Window>,
    #[serde(rename = "d")]
    pub day: Period,
    #[serde(rename = "m")]
    pub month: Period,
    /// Counters of limits of policies; there once a policy has had such a limit.
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    pub of_user: Option<Slots>,
    /// Counters of limits of the user's keys.
    #[serde(rename = "y", default, skip_serializing_if = "Option::is_none")]
    pub of_keys: Option<Slots>,
    /// The last warning of each limit; there once somebody was warned.
    #[serde(rename = "z", default, skip_serializing_if = "Option::is_none")]
    pub warned: Option<Warned>,
    /// The slices of limits of the accounts above; there once something was lent.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub slices: Option<BTreeMap<Slot, Slice>>,
    /// The second since 1970 at which a slice was last taken from.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub used_at: Option<i64>,
    /// The account right above, while the user holds slices.
    #[serde(rename = "holder", default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Owner>,
    /// What is admitted and not settled, by its reservation.
    #[serde(rename = "r")]
    pub reservations: BTreeMap<UsageId, StoredReservation>,
}

impl Meter {
    /// A limit's own counter; `None` if there is none yet.
    pub fn slot(&self, level: Level, slot: &Slot) -> Option<&SlotCounter> {
        self.slots(level)?.get(slot)
    }

    pub fn slots(&self, level: Level) -> Option<&Slots> {
        match level {
            Level::User => self.of_user.as_ref(),
            Level::Key => self.of_keys.as_ref(),
        }
    }

    /// The slice of an upper limit.
    pub fn slice(&self, slot: &Slot) -> Option<&Slice> {
        self.slices.as_ref()?.get(slot)
    }

    pub fn slots_mut(&mut self, level: Level) -> &mut Option<Slots> {
        match level {
            Level::User => &mut self.of_user,
            Level::Key => &mut self.of_keys,
        }
    }
}
