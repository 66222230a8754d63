//! Amounts that are counted: requests, tokens, and cost in millionths of a dollar.

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
}

/// The most that may be counted already; `None` for a limit that there is not, or that is not enforced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeriodCaps {
    pub requests: Option<i64>,
    pub tokens: Option<i64>,
    pub cost: Option<i64>,
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
