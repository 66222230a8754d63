//! What tests of other packages need of quotas.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "the texts are constants")]

use jiff::Timestamp;

use super::{AccountKind, LimitName, LimitUsage, StoredFacts};
use crate::models::limit::Measure;
use crate::models::usage::{ClientKind, Endpoint};
use crate::models::{KeyId, ModelId, RequestId};

impl StoredFacts {
    /// Facts of some chat request, for tests that are not about them.
    pub fn fixture() -> Self {
        Self {
            at: 0,
            request_id: RequestId::parse("r").unwrap(),
            key: KeyId::parse("k").unwrap(),
            department: None,
            model: ModelId::parse("m").unwrap(),
            endpoint: Endpoint::ChatCompletions,
            client: ClientKind::Other,
            streamed: false,
            kept_days: None,
            price: None,
        }
    }
}

impl LimitUsage {
    /// The use of a limit of a user, by its name in the words of budgets: `cost/month`, `tokens/day/opus*`.
    pub fn fixture(budget: &str, value: u64, used: u64) -> Self {
        let measure = Measure::parse(budget).or_else(|| Measure::parse(budget.rsplit_once('/')?.0));
        Self {
            level: AccountKind::User,
            name: LimitName::try_from(budget.to_owned()).unwrap(),
            measure: measure.unwrap(),
            is_enforced: true,
            value,
            used,
            reserved: 0,
            resets_at: Timestamp::UNIX_EPOCH,
        }
    }
}
