//! Amounts that are counted: requests, tokens, and cost in millionths of a dollar.

use crate::models::limit::Unit;

/// What is added to the counters, or taken off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    pub requests: i64,
    pub tokens: i64,
    pub cost: i64,
}

impl Amounts {
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }

    pub fn of(self, unit: Unit) -> i64 {
        match unit {
            Unit::Requests => self.requests,
            Unit::Tokens => self.tokens,
            Unit::Cost => self.cost,
        }
    }

    /// So much of one unit.
    pub fn of_unit(unit: Unit, amount: i64) -> Self {
        let mut amounts = Self::default();
        match unit {
            Unit::Requests => amounts.requests = amount,
            Unit::Tokens => amounts.tokens = amount,
            Unit::Cost => amounts.cost = amount,
        }
        amounts
    }

    /// The amount of one unit alone.
    #[must_use]
    pub fn only(self, unit: Unit) -> Self {
        Self::of_unit(unit, self.of(unit))
    }
}

/// The most that may be counted already; `None` for a limit that there is not, or that is not enforced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeriodCaps {
    pub requests: Option<i64>,
    pub tokens: Option<i64>,
    pub cost: Option<i64>,
}

impl PeriodCaps {
    /// The cap of one unit.
    pub(super) fn of(unit: Unit, cap: Option<i64>) -> Self {
        let mut caps = Self::default();
        caps.lower(unit, cap);
        caps
    }

    /// Adds a cap; of two of the same unit, the lower one holds.
    pub(super) fn lower(&mut self, unit: Unit, cap: Option<i64>) {
        let held = match unit {
            Unit::Requests => &mut self.requests,
            Unit::Tokens => &mut self.tokens,
            Unit::Cost => &mut self.cost,
        };
        *held = match (*held, cap) {
            (Some(held), Some(cap)) => Some(held.min(cap)),
            (held, cap) => held.or(cap),
        };
    }
}

/// The most that one request is going to use, where its policy limits tokens or cost; else nothing (promise 43).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    pub input_tokens: u64,
    pub output_tokens: u64,
    /// In millionths of a dollar.
    pub cost: u64,
}

impl Demand {
    /// What admission counts: one request, and all of that.
    pub fn amounts(self) -> Amounts {
        let tokens = amount(self.input_tokens).saturating_add(amount(self.output_tokens));
        Amounts {
            requests: 1,
            tokens,
            cost: amount(self.cost),
        }
    }
}

pub(super) fn amount(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
