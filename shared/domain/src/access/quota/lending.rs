//! Loans: an account above users lends them some of its limits, and takes it back (promises 112 and 113).
//!
//! Every movement is one transaction that takes on one side what it gives on the other, so that a limit's committed
//! amount is always what lies in slices, in reservations and in the books.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::amounts::{Amounts, PeriodCaps, amount};
use super::meter::Meter;
use super::moment::Moment;
use super::owner::Owner;
use super::period::Period;
use super::period_step::{PeriodStep, period};
use super::shortage::Shortage;
use super::slice::Slice;
use super::taking::Need;
use crate::models::budget::Budget;
use crate::models::limit::{Limit, Slot, Unit};
use crate::models::policy::Mode;

/// The part of what is free that one loan takes at most, beyond what is needed: the more users there are, the smaller
/// the loans that leave something for each.
const PART_OF_FREE: i64 = 64;
/// A loan that was used up within this time, in seconds, is followed by one of twice the size.
const SHORT: i64 = 20;
/// A first loan is for so many requests.
const FIRST: i64 = 4;

/// The amounts that an account above users has given out of its limits, and how much it may.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerMeter {
    /// The committed amounts: used, reserved and lent.
    #[serde(rename = "x", default)]
    pub counters: BTreeMap<Slot, Period>,
    #[serde(rename = "L", default)]
    pub limits: BTreeMap<Slot, Cap>,
    /// The version of the budget that the limits are of.
    #[serde(rename = "v", default)]
    pub version: u64,
}

/// The amount of one limit that may be committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cap {
    #[serde(rename = "u")]
    pub unit: Unit,
    /// Absent in shadow mode: it is counted, and refuses nothing.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub most: Option<i64>,
}

/// The offer of the owner of a limit to a user who lacks some of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offer {
    /// The user lacks nothing.
    Enough,
    Lend(Loan),
    /// So much is not free; others may have some left.
    Short(Shortage),
    /// There is no such limit any more.
    Gone,
}

/// The change of both sides of a loan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loan {
    pub owner: Owner,
    pub unit: Unit,
    pub step: PeriodStep,
    pub receipt: Receipt,
}

/// The change of the slice of whoever gets some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub slot: Slot,
    /// The window of the slice that is there, if one is.
    pub known: Option<i32>,
    pub add: i64,
    /// The slice as it is then.
    pub slice: Slice,
}

impl OwnerMeter {
    /// The limits as `budget` has them.
    pub fn caps(budget: &Budget) -> BTreeMap<Slot, Cap> {
        let cap = |(limit, slot): (&Limit, &Slot)| {
            let most = Some(amount(limit.amount.get())).filter(|_| budget.mode == Mode::Enforce);
            let unit = limit.measure.unit();
            (slot.clone(), Cap { unit, most })
        };
        budget.limits.iter().zip(&budget.slots).map(cap).collect()
    }

    /// The unit of a limit, if its counter is of the window `number`.
    pub fn counts(&self, slot: &Slot, number: i32) -> Option<Unit> {
        let counter = self.counters.get(slot).filter(|counter| counter.number == number);
        counter.and_then(|_| Some(self.limits.get(slot)?.unit))
    }

    /// The limits that more is committed of than they allow: slot, window, and how much more.
    pub fn beyond(&self) -> Vec<(Slot, i32, i64)> {
        let over = |(slot, cap): (&Slot, &Cap)| {
            let counter = self.counters.get(slot)?;
            let over = counter.amounts().of(cap.unit) - cap.most?;
            (over > 0).then(|| (slot.clone(), counter.number, over))
        };
        self.limits.iter().filter_map(over).collect()
    }
}

/// The offer of `owner` to the user of `meter`, who needs some of its limit.
pub fn offer(owner: &OwnerMeter, meter: &Meter, need: &Need<'_>, now: Moment) -> Offer {
    let rule = need.rule;
    let (Some(known), Some(cap)) = (owner.counters.get(&rule.slot), owner.limits.get(&rule.slot)) else {
        return Offer::Gone;
    };
    let caps = PeriodCaps::of(cap.unit, cap.most);
    let calendar = rule.calendar(now);
    let window = period(Some(known), calendar, Amounts::default(), caps);
    let (committed, ends) = match &window {
        PeriodStep::Count { .. } => (known.amounts().of(cap.unit), known.ends),
        PeriodStep::Begin(begun) | PeriodStep::Replace { period: begun, .. } => (0, begun.ends),
    };
    let (number, ends) = (window.number(), ends.unwrap_or(i64::MAX));
    let slice = meter.slice(&rule.slot);
    let current = slice.filter(|slice| slice.number == number);
    let lack = need.amount - current.map_or(0, |slice| slice.left);
    if lack <= 0 && current.is_some() {
        return Offer::Enough;
    }
    let free = cap.most.map_or(i64::MAX / 2, |most| most - committed);
    if free < lack {
        return Offer::Short(Shortage {
            number,
            ends,
            lack,
            free: free.max(0),
            committed,
            most: cap.most.unwrap_or(i64::MAX),
        });
    }
    let size = size(lack.max(0), free, (need.amount, current), now);
    let receipt = receipt(meter, need, (number, ends), size, now);
    Offer::Lend(Loan {
        owner: rule.owner.clone(),
        unit: cap.unit,
        step: period(Some(known), calendar, Amounts::of_unit(cap.unit, size), caps),
        receipt,
    })
}

/// While there is plenty, more than is needed, so that it is seldom asked for; near the end what is needed.
fn size(lack: i64, free: i64, (wanted, slice): (i64, Option<&Slice>), now: Moment) -> i64 {
    let generous = match slice {
        Some(slice) if now.at.as_second() - slice.lent_at < SHORT => slice.loan.saturating_mul(2),
        Some(_) | None => wanted.saturating_mul(FIRST),
    };
    lack.max(generous.min(free / PART_OF_FREE))
}

/// So much more in the slice of a limit, of the window with this number and end.
fn receipt(meter: &Meter, need: &Need<'_>, (number, ends): (i32, i64), add: i64, now: Moment) -> Receipt {
    let known = meter.slice(&need.rule.slot);
    let before = known.filter(|slice| slice.number == number);
    Receipt {
        slot: need.rule.slot.clone(),
        known: known.map(|slice| slice.number),
        add,
        slice: Slice {
            number,
            ends,
            left: before.map_or(0, |slice| slice.left) + add,
            owner: need.rule.owner.clone(),
            loan: add,
            lent_at: now.at.as_second(),
        },
    }
}

impl Receipt {
    /// The change of `meter` that gets some of another user's slice.
    pub fn of_recall(meter: &Meter, need: &Need<'_>, shortage: &Shortage, add: i64, now: Moment) -> Self {
        receipt(meter, need, (shortage.number, shortage.ends), add, now)
    }

    /// The slice of a meter that is kept in memory, as it is afterwards.
    pub fn apply(&self, meter: &mut Meter) {
        let slices = meter.slices.get_or_insert_default();
        slices.insert(self.slot.clone(), self.slice.clone());
    }
}
