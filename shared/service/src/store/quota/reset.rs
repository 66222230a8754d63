//! Taking back what a user's meter counts of some limits, with the entry of who did it.

use super::super::retry::Attempts;
use super::super::transaction::Commit;
use super::super::{Store, StoreError, keys};
use super::{TRIES, update};
use domain::access::quota::{self, LimitName, Limits};
use domain::models::UserId;
use domain::models::audit::AuditEntry;

impl Store {
    /// Takes back what was used of these limits; what is reserved stays. Tried again while the counters change, so that
    /// a request that is admitted or settled meanwhile is counted once.
    pub async fn reset_quota(
        &self,
        user: &UserId,
        (names, limits): (&[LimitName], &Limits),
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        let mut attempts = Attempts::at_most(TRIES);
        loop {
            let meter = self.meter(user).await?.unwrap_or_default();
            let reset = quota::take_back(&meter, names, limits);
            let mut transaction = self.transaction();
            if !reset.is_nothing() {
                let (change, condition) = update::reset(&reset)?;
                transaction = transaction.update(&keys::meter(user), change, condition)?;
            }
            match transaction.audited(audit)?.commit().await {
                Ok(Commit::Done) => {
                    self.memory.meters.remove(user);
                    return Ok(());
                }
                Ok(Commit::Refused(_)) | Err(StoreError::Conflict) => attempts.collided().await?,
                Err(error) => return Err(error),
            }
        }
    }
}
