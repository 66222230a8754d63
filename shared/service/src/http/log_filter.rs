//! Which lines of the request log a caller wants to see.

use serde::Deserialize;
use serde::de::{Deserializer, Error};

use domain::models::usage::{ClientKind, Outcome, UsageRecord};

/// Filters by what became of a request. Those that are absent let everything pass.
#[derive(Clone, Debug, Default)]
pub struct LogFilter {
    pub request_id: Option<String>,
    pub outcome: Option<Outcome>,
    pub client: Option<ClientKind>,
    pub status: Option<StatusFilter>,
    pub min_duration_ms: Option<u64>,
}

/// A status, or a class of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusFilter {
    Exactly(u16),
    /// `5xx` by its first digit.
    Class(u16),
}

impl LogFilter {
    pub fn fits(&self, record: &UsageRecord) -> bool {
        fn is<T: PartialEq>(wanted: Option<&T>, value: &T) -> bool {
            wanted.is_none_or(|wanted| wanted == value)
        }
        let id = record.request.request_id.as_str();
        self.request_id.as_deref().is_none_or(|wanted| wanted == id)
            && is(self.outcome.as_ref(), &record.outcome)
            && is(self.client.as_ref(), &record.request.client)
            && self.status.is_none_or(|status| status.fits(record.status))
            && self.min_duration_ms.is_none_or(|least| least <= record.duration_ms)
    }
}

impl StatusFilter {
    fn parse(text: &str) -> Option<Self> {
        let filter = match text.strip_suffix("xx") {
            Some(class) => Self::Class(class.parse().ok().filter(|class| (1..=5).contains(class))?),
            None => Self::Exactly(text.parse().ok().filter(|status| (100..=599).contains(status))?),
        };
        Some(filter)
    }

    fn fits(self, status: u16) -> bool {
        match self {
            Self::Exactly(wanted) => status == wanted,
            Self::Class(class) => status / 100 == class,
        }
    }
}

impl<'de> Deserialize<'de> for StatusFilter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("must be a status such as 503, or a class such as 5xx"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g13_a_status_is_one_or_a_class() {
        assert_eq!(StatusFilter::parse("503"), Some(StatusFilter::Exactly(503)));
        assert_eq!(StatusFilter::parse("5xx"), Some(StatusFilter::Class(5)));
        for bad in ["", "xx", "0xx", "6xx", "5x", "99", "600", "-1", "5xxx"] {
            assert_eq!(StatusFilter::parse(bad), None, "{bad}");
        }
        assert!(StatusFilter::Class(4).fits(429) && !StatusFilter::Class(4).fits(500));
    }
}
