//! The arithmetic of quotas (promises 40 to 46): what one more request would do to a user's [`Meter`], whether it may,
//! and what is corrected when it has ended.
//!
//! Each result has two forms that must agree: [`plan`] writes it down as conditions that the database judges
//! together with the change, so that no two processes can both take the last unit; [`judge`] finds in a meter that
//! was read why the conditions did not hold. Amounts are integers: requests, tokens, millionths of a dollar.

mod admission;
mod amounts;
mod bucket;
mod calendar;
mod counters;
#[cfg(any(test, feature = "fixtures"))]
mod fixtures;
mod judgement;
mod limit;
mod meter;
mod moment;
mod packed;
mod period;
mod reservation;
mod reset;
mod settlement;
mod top_up;
mod window;

pub use admission::{AdmissionRequest, LiveStep, PeriodStep, Plan, plan, plan_at};
pub use amounts::{Amounts, Demand, PeriodCaps};
pub use bucket::{Bucket, Frame};
pub use calendar::{day_ends, month_ends};
pub use judgement::{LimitUsage, Refusal, judge, limit_usage, overrun};
pub use limit::Limit;
pub use meter::Meter;
pub use moment::Moment;
pub use period::Period;
pub use reservation::{LATEST_EXPIRY, StoredFacts, StoredReservation, WindowBucket};
pub use reset::{Reset, take_back};
pub use settlement::{ActualUsage, Adjustment, correct};
pub use top_up::{TopUp, raised};
pub use window::{Tally, TallyStep, Window, WindowCount, WindowStep};

use amounts::amount;

use crate::models::policy::Policy;

/// A limit of a policy as the amounts are counted.
fn count_limit(value: Option<std::num::NonZeroU64>) -> Option<i64> {
    value.map(|value| amount(value.get()))
}

fn cost_limit(policy: &Policy) -> Option<i64> {
    policy.cost_quota_monthly.map(|cost| amount(cost.0))
}

#[cfg(test)]
mod tests;
