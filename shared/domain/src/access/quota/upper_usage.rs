//! The use of the limits of an account above users.

use jiff::Timestamp;

use super::above::UpperRule;
use super::amounts::amount;
use super::lending::OwnerMeter;
use super::meter::Meter;
use super::name::LimitName;
use super::share::Share;
use crate::models::UserId;
use crate::models::budget::Budget;
use crate::models::limit::{Limit, Slot, Unit};

/// The use of a limit of an account above users at one moment. Amounts are requests, tokens, or millionths of a
/// dollar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpperUsage {
    pub name: LimitName,
    pub unit: Unit,
    pub amount: i64,
    pub used: i64,
    pub reserved: i64,
    pub lent: i64,
    /// The end of its window; `None` of all time.
    pub resets_at: Option<Timestamp>,
}

/// The use of each limit of `budget`, by the meters of its account and of those who hold something of it.
pub fn upper_usage(
    budget: &Budget,
    owner: &OwnerMeter,
    holders: &[(UserId, Meter)],
    now: Timestamp,
) -> Vec<UpperUsage> {
    let usage = |(limit, slot): (&Limit, &Slot)| {
        let rule = UpperRule::new(budget, limit, slot);
        let (unit, known) = (
            limit.measure.unit(),
            owner.counters.get(slot).copied().unwrap_or_default(),
        );
        let (counter, ends) = rule.calendar(now.into()).current(known);
        let share = Share::of(holders.iter().map(|(_, meter)| meter), (slot, unit), counter.number);
        UpperUsage {
            name: rule.name,
            unit,
            amount: amount(limit.amount.get()),
            used: counter.amounts().of(unit) - share.lent - share.reserved,
            reserved: share.reserved,
            lent: share.lent,
            resets_at: Some(ends).filter(|ends| *ends < Timestamp::MAX),
        }
    };
    budget.limits.iter().zip(&budget.slots).map(usage).collect()
}
