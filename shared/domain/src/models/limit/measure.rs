//! The unit of a limit and its span of time: `cost/month`, `requests/60s`, `concurrency`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest window of a rate: a day.
pub const MAX_WINDOW_SECONDS: u32 = 24 * 60 * 60;

/// The unit that is counted. Stored by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    Requests,
    /// Input and output.
    Tokens,
    /// Millionths of a dollar.
    Cost,
}

/// The span in which it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    Day,
    /// From Monday on, as ISO 8601 has it.
    Week,
    Month,
    /// All time.
    Total,
    /// Any so many seconds: 1 to [`MAX_WINDOW_SECONDS`].
    Seconds(u32),
}

/// The measure of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Requests under way at once.
    Concurrency,
    Amount(Unit, Per),
}

impl Unit {
    const ALL: [Self; 3] = [Self::Requests, Self::Tokens, Self::Cost];

    fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Tokens => "tokens",
            Self::Cost => "cost",
        }
    }
}

impl Per {
    /// The fault of a text that names no span.
    pub(super) const EXPECTED: &'static str = "must be day, week, month, total, or 1s to 86400s";

    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "day" => Self::Day,
            "week" => Self::Week,
            "month" => Self::Month,
            "total" => Self::Total,
            _ => {
                let digits = text
                    .strip_suffix('s')
                    .filter(|digits| !digits.starts_with(['0', '+']))?;
                let seconds = digits.parse().ok();
                Self::Seconds(seconds.filter(|seconds| *seconds <= MAX_WINDOW_SECONDS)?)
            }
        })
    }
}

impl Measure {
    const CONCURRENCY: &'static str = "concurrency";

    pub fn unit(self) -> Unit {
        match self {
            Self::Concurrency => Unit::Requests,
            Self::Amount(unit, _) => unit,
        }
    }

    pub fn per(self) -> Option<Per> {
        match self {
            Self::Concurrency => None,
            Self::Amount(_, per) => Some(per),
        }
    }

    /// True if what is used stays used for hours. Rates and places come back within moments.
    pub fn is_budget(self) -> bool {
        self.per().is_some_and(|per| !matches!(per, Per::Seconds(_)))
    }

    /// True for requests in any so many seconds.
    pub fn is_rate_of_requests(self) -> bool {
        matches!(self, Self::Amount(Unit::Requests, Per::Seconds(_)))
    }

    pub(super) fn what(self) -> &'static str {
        match self {
            Self::Concurrency => Self::CONCURRENCY,
            Self::Amount(unit, _) => unit.name(),
        }
    }

    /// The measure of these two words; the name of the wrong one with what it must be.
    pub(super) fn of(what: &str, per: Option<&str>) -> Result<Self, (&'static str, &'static str)> {
        if what == Self::CONCURRENCY {
            return match per {
                None => Ok(Self::Concurrency),
                Some(_) => Err(("per", "must not be given: requests at once have no span of time")),
            };
        }
        let unit = Unit::ALL.into_iter().find(|unit| unit.name() == what);
        let unit = unit.ok_or(("what", "must be requests, tokens, cost or concurrency"))?;
        let per = per.and_then(Per::parse).ok_or(("per", Per::EXPECTED))?;
        Ok(Self::Amount(unit, per))
    }

    /// The measure of a name such as `cost/month`.
    pub fn parse(name: &str) -> Option<Self> {
        let (what, per) = name
            .split_once('/')
            .map_or((name, None), |(what, per)| (what, Some(per)));
        Self::of(what, per).ok()
    }
}

impl fmt::Display for Per {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day => f.write_str("day"),
            Self::Week => f.write_str("week"),
            Self::Month => f.write_str("month"),
            Self::Total => f.write_str("total"),
            Self::Seconds(seconds) => write!(f, "{seconds}s"),
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what())?;
        self.per().map_or(Ok(()), |per| write!(f, "/{per}"))
    }
}
