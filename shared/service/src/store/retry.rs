//! Compare and retry: a conditional write that met another writer is tried again, a limited number of times.

use std::time::Duration;

use super::StoreError;

/// The attempts of one conditional write. Each of its loops ends by [`StoreError::Conflict`] when all are made.
pub(super) struct Attempts {
    made: u32,
    most: u32,
}

impl Attempts {
    pub(super) const fn at_most(most: u32) -> Self {
        Self { made: 0, most }
    }

    /// Another writer was faster, and the next attempt expects what it has left: nothing to wait for.
    pub(super) fn overtaken(&mut self) -> Result<(), StoreError> {
        self.made += 1;
        if self.made < self.most {
            Ok(())
        } else {
            Err(StoreError::Conflict)
        }
    }

    /// Another writer is at work on the same items. Waits some milliseconds, a random time, so that writers that met do
    /// not meet again.
    pub(super) async fn collided(&mut self) -> Result<(), StoreError> {
        self.overtaken()?;
        let [random] = domain::random::bytes::<1>();
        let milliseconds = (u64::from(random) >> 3) * u64::from(self.made) + 1;
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        Ok(())
    }
}
