//! A limit of an account above users of which there is too little left.

use jiff::Timestamp;

use super::judgement::{LimitUsage, Refusal, SETTLED_SOON};
use super::share::Share;
use super::taking::Need;

/// A limit of which the owner has too little left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortage {
    pub number: i32,
    pub ends: i64,
    /// The amount that the user lacks.
    pub lack: i64,
    /// The amount that the owner can lend.
    pub free: i64,
    pub(super) committed: i64,
    pub(super) most: i64,
}

/// A look at all who hold something of a limit, which has found too little.
#[derive(Clone, Debug)]
pub struct Exhausted {
    pub at: Timestamp,
    pub shortage: Shortage,
    pub share: Share,
}

impl Shortage {
    /// True if the owner's counter and limit are as they were.
    pub fn is_same(&self, other: &Self) -> bool {
        (self.number, self.committed, self.most) == (other.number, other.committed, other.most)
    }

    /// The amount that is not free and has to come from others.
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
