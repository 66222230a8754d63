//! What tests of other packages need of quotas.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "the texts are constants")]

use super::StoredFacts;
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
