//! What an account above users lends them of its limits, and takes back (promises 112 and 113).
//!
//! Every movement is one transaction that takes on one side what it gives on the other, so that a limit's committed
//! amount is always what lies in slices, in reservations and in the books.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::above::UpperRule;
use super::amounts::{Amounts, PeriodCaps, amount};
use super::judgement::{LimitUsage, Refusal, SETTLED_SOON};
use super::meter::Meter;
use super::moment::Moment;
use super::name::LimitName;
use super::owner::Owner;
use super::period::Period;
use super::period_step::{PeriodStep, period};
use super::slice::{Need, Slice};
use crate::models::UserId;
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

/// What an account above users has given out of its limits, and how much it may.
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

/// How much may be committed of one limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cap {
    #[serde(rename = "u")]
    pub unit: Unit,
    /// Absent in shadow mode: it is counted, and refuses nothing.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub most: Option<i64>,
}

/// What the owner of a limit can do for a user who lacks some of it.
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

/// A limit of which the owner has too little left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortage {
    pub number: i32,
    pub ends: i64,
    /// What the user lacks.
    pub lack: i64,
    /// What the owner can lend.
    pub free: i64,
    committed: i64,
    most: i64,
}

/// What users have of one limit in one window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Left in slices.
    pub lent: i64,
    /// Reserved by requests under way, which may give it back. A request itself is none: it counts once it is sent.
    pub reserved: i64,
    /// The second since 1970 at which the last of these requests is settled at the latest.
    pub settled_by: Option<i64>,
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

/// How far a limit of an account above users is used at one moment. Amounts are requests, tokens, or millionths of a
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

/// What `owner` can do for the user of `meter` who needs some of its limit.
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
    /// What `meter` gets from another user's slice.
    pub fn of_recall(meter: &Meter, need: &Need<'_>, shortage: &Shortage, add: i64, now: Moment) -> Self {
        receipt(meter, need, (shortage.number, shortage.ends), add, now)
    }

    /// The slice of a meter that is kept in memory, as it is afterwards.
    pub fn apply(&self, meter: &mut Meter) {
        let slices = meter.slices.get_or_insert_default();
        slices.insert(self.slot.clone(), self.slice.clone());
    }
}

/// The amounts to take from those who have some left, most first; nothing if all of them together have too little.
pub fn recalled<'a>(others: &'a [(UserId, Meter)], slot: &Slot, number: i32, needed: i64) -> Vec<(&'a UserId, i64)> {
    let left = |meter: &Meter| {
        meter
            .slice(slot)
            .filter(|slice| slice.number == number)
            .map(|slice| slice.left)
    };
    let some = others
        .iter()
        .filter_map(|(user, meter)| Some((user, left(meter).filter(|left| *left > 0)?)));
    let mut some: Vec<(&UserId, i64)> = some.collect();
    if some.iter().map(|(_, left)| left).sum::<i64>() < needed {
        return Vec::new();
    }
    some.sort_by_key(|(_, left)| std::cmp::Reverse(*left));
    let mut needed = needed;
    for (_, left) in &mut some {
        *left = (*left).min(needed);
        needed -= *left;
    }
    some.retain(|(_, taken)| *taken > 0);
    some
}

impl Share {
    /// What the users of these meters have of a limit in the window `number`.
    pub fn of<'a>(meters: impl IntoIterator<Item = &'a Meter>, (slot, unit): (&Slot, Unit), number: i32) -> Self {
        let mut share = Self::default();
        for meter in meters {
            let slice = meter.slice(slot).filter(|slice| slice.number == number);
            share.lent += slice.map_or(0, |slice| slice.left);
            let of_limit = meter.reservations.values().filter(|reservation| {
                let mut taken = reservation.taken.iter();
                taken.any(|taken| taken.slot == *slot && taken.number == number)
            });
            for reservation in of_limit.filter(|_| unit != Unit::Requests) {
                share.reserved += reservation.amounts().of(unit);
                share.settled_by = share.settled_by.max(Some(reservation.expires_at));
            }
        }
        share
    }
}

impl Shortage {
    /// True if the owner's counter and limit are as they were.
    pub fn is_same(&self, other: &Self) -> bool {
        (self.number, self.committed, self.most) == (other.number, other.committed, other.most)
    }

    /// What is not free and has to come from others.
    pub fn missing(&self) -> i64 {
        self.lack - self.free
    }

    /// The refusal of a request for which neither the owner nor others have enough left.
    pub fn refusal(&self, need: &Need<'_>, share: Share, now: Timestamp) -> Refusal {
        let shown = |amount: i64| u64::try_from(amount).unwrap_or_default();
        let used = self.committed - share.lent;
        let resets_at = Some(self.ends).filter(|ends| *ends < Timestamp::MAX.as_second());
        let resets_at = resets_at
            .and_then(|ends| Timestamp::from_second(ends).ok())
            .unwrap_or(Timestamp::MAX);
        let rest = self.most.saturating_sub(need.amount);
        let is_possible = rest >= 0;
        let settled_by = share.settled_by.and_then(|second| Timestamp::from_second(second).ok());
        let settled_by = settled_by.filter(|_| is_possible && used - share.reserved <= rest);
        Refusal {
            usage: LimitUsage {
                level: need.rule.owner.kind(),
                name: need.rule.name.clone(),
                measure: need.rule.measure,
                is_enforced: true,
                value: shown(self.most),
                used: shown(used),
                reserved: shown(share.reserved.min(used)),
                resets_at,
            },
            demand: shown(need.amount),
            retry_at: is_possible.then(|| settled_by.map_or(resets_at, |_| resets_at.min(now + SETTLED_SOON))),
            settled_by: settled_by.map(|at| at.min(resets_at)),
        }
    }
}
