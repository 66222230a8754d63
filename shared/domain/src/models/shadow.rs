//! Findings of policies in shadow mode: requests that they would have refused.

use std::ops::AddAssign;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{DisplayName, PolicyName, UserId};

/// Requests of one person on one day that a limit of the policy was in the way of, or its hours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub policy: PolicyName,
    /// The day in UTC.
    pub day: Date,
    /// The policy's field.
    pub limit: String,
    pub user: UserId,
    /// The user's name and department as they last were.
    pub user_name: DisplayName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<DisplayName>,
    pub requests: u64,
    pub last_at: Timestamp,
}

impl Finding {
    /// The member that is added up.
    pub const COUNT: &'static str = "requests";

    /// True if both belong together.
    pub fn is_of_the_same(&self, other: &Self) -> bool {
        self.user == other.user && self.limit == other.limit && self.day == other.day && self.policy == other.policy
    }
}

impl AddAssign for Finding {
    /// Adds a finding that belongs to this one.
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.last_at = self.last_at.max(other.last_at);
    }
}
