//! A meter's memory of warnings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The last warning of each limit, by the limit's place in the meter.
pub type Warned = BTreeMap<String, LastWarning>;

/// The last warning of one limit. Another period or another amount begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastWarning {
    /// The number of the day, week or month; of all time 1.
    #[serde(rename = "n")]
    pub period: i32,
    #[serde(rename = "v")]
    pub amount: i64,
    #[serde(rename = "p")]
    pub percent: u64,
    /// The second since 1970 at which the period is over; absent for all time.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<i64>,
}
