//! Turns at work that one process does for all that run beside it.

use jiff::Timestamp;
use serde_json::Value;

use super::expression::Expression;
use super::table::TTL;
use super::write::Written;
use super::{Store, StoreError, keys};

impl Store {
    /// True if the turn at `job` is `holder`'s until `until`: nobody had it, its time was over, or it was theirs
    /// already. A holder that dies keeps the others waiting until then, and no longer.
    pub async fn take_turn(&self, job: &str, holder: &str, until: Timestamp) -> Result<bool, StoreError> {
        let change = Expression::new("SET #holder = :holder, #ttl = :until")
            .name("#holder", "holder")
            .name("#ttl", TTL)
            .text(":holder", holder)
            .number(":until", until.as_second());
        let condition = Expression::new("attribute_not_exists(#holder) OR #holder = :holder OR #ttl < :now")
            .number(":now", self.clock.now().as_second());
        let written = self.update_if::<Value>(&keys::turn(job), change, condition).await?;
        Ok(matches!(written, Written::Done))
    }
}
