//! What is kept of one user's use: one item, so that one condition can look at all of it.
//!
//! Names are short where they are stored: an item is paid for by the kilobyte.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::amounts::Amounts;
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

/// What was counted in one day or month: settled and reserved together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// Which one: 20261123, 202611. Never goes back.
    #[serde(rename = "n")]
    pub number: i32,
    #[serde(rename = "q")]
    pub requests: i64,
    #[serde(rename = "t")]
    pub tokens: i64,
    /// In millionths of a dollar.
    #[serde(rename = "c")]
    pub cost: i64,
}

impl Period {
    /// The period of this number, in which nothing but `amounts` was used.
    pub(super) fn begun(number: i32, amounts: Amounts) -> Self {
        Self {
            number,
            requests: amounts.requests,
            tokens: amounts.tokens,
            cost: amounts.cost,
        }
    }
}
