//! What is kept of one user's use: one item, so that one condition can look at all of it.
//!
//! Names are short where they are stored: an item is paid for by the kilobyte.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::period::Period;
use super::reservation::StoredReservation;
use super::window::Window;
use crate::models::UsageId;

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
    /// What is admitted and not settled, by its reservation.
    #[serde(rename = "r")]
    pub reservations: BTreeMap<UsageId, StoredReservation>,
}
