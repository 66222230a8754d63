//! The arithmetic of quotas (promises 40 to 46): what one more request would do to a user's [`Meter`], whether it may,
//! and what is corrected when it has ended.
//!
//! Each result has two forms that must agree: [`plan`] writes it down as conditions that the database judges
//! together with the change, so that no two processes can both take the last unit; [`judge`] finds in a meter that
//! was read why the conditions did not hold. Amounts are integers: requests, tokens, millionths of a dollar.

mod above;
mod admission;
mod amounts;
mod bucket;
mod calendar;
mod counted;
mod counters;
#[cfg(any(test, feature = "fixtures"))]
mod fixtures;
mod judgement;
mod lending;
mod limits;
mod meter;
mod moment;
mod name;
mod owner;
mod packed;
mod period;
mod period_step;
mod reservation;
mod reset;
mod settlement;
mod share;
mod shortage;
mod slice;
mod slot;
mod taking;
mod tally;
mod top_up;
mod upper_usage;
mod warned;
mod warning;
mod window;

pub use above::{Above, UpperRule};
pub use admission::{AdmissionRequest, LiveStep, Plan, plan, plan_at};
pub use amounts::{Amounts, Demand, PeriodCaps};
pub use bucket::{Bucket, Frame, WindowBucket};
pub use calendar::{ALL_TIME, day_ends, month_ends};
pub use counted::{Counted, CountedAt};
pub use judgement::{LimitUsage, Refusal, judge, limit_usage, overrun};
pub use lending::{Cap, Loan, Offer, OwnerMeter, Receipt, offer};
pub use limits::{Level, Limits, Place, Rule};
pub use meter::{Meter, SlotCounter, Slots};
pub use moment::Moment;
pub use name::{Field, LimitName};
pub use owner::{AccountKind, Owner};
pub use period::Period;
pub use period_step::PeriodStep;
pub use reservation::{LATEST_EXPIRY, StoredFacts, StoredReservation};
pub use reset::{Reset, SlotReset, take_back};
pub use settlement::{ActualUsage, Adjustment, SliceAdjustment, SlotAdjustment, correct};
pub use share::{Share, recalled};
pub use shortage::{Exhausted, Shortage};
pub use slice::{IDLE, Slice, Take, Taken};
pub use slot::{SlotChange, SlotStep, beginnings};
pub use taking::{Need, needs};
pub use tally::{Tally, TallyStep};
pub use top_up::{TopUp, raised};
pub use upper_usage::{UpperUsage, upper_usage};
pub use warned::{LastWarning, Warned};
pub use warning::{Warning, warned, warnings};
pub use window::{Window, WindowCount, WindowStep};

#[cfg(test)]
mod tests;
