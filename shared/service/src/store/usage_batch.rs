//! Usage that is written together: records one by one, their sums added up beforehand.

use ahash::HashMap;

use super::{Store, StoreError};
use domain::models::usage::{Dimensions, Rollup, Sums, UsageRecord};
use domain::random;

/// Writes that a transaction can have.
const MOST: usize = 100;

/// Some records with their sums: as many as one transaction can write.
#[derive(Debug)]
pub struct UsageBatch {
    /// By which the database knows the batch when it comes again.
    token: String,
    /// The records that are kept, each for so many days.
    records: Vec<(UsageRecord, u32)>,
    sums: HashMap<Dimensions, Sums>,
}

impl Default for UsageBatch {
    fn default() -> Self {
        Self {
            token: random::sortable_id(),
            records: Vec::new(),
            sums: HashMap::default(),
        }
    }
}

impl UsageBatch {
    pub fn is_empty(&self) -> bool {
        self.sums.is_empty()
    }

    /// True if another record fits in any case.
    pub fn has_room(&self) -> bool {
        self.records.len() + self.sums.len() + 2 <= MOST
    }

    /// Adds a record, kept for so many days if at all, to a batch that has room.
    pub fn add(&mut self, record: UsageRecord, kept_days: Option<u32>) {
        let Rollup { of, sums } = Rollup::from(&record);
        *self.sums.entry(of).or_default() += sums;
        self.records.extend(kept_days.map(|days| (record, days)));
    }
}

impl Store {
    /// Records a batch, all of it or nothing. After an error, whose writes may have been done all the same,
    /// the batch may be recorded again within ten minutes without counting twice.
    pub async fn record_batch(&self, batch: &UsageBatch) -> Result<(), StoreError> {
        let mut transaction = self.transaction().known_as(&batch.token);
        for (record, days) in &batch.records {
            transaction = transaction.logged(record, *days)?;
        }
        for (of, sums) in &batch.sums {
            transaction = transaction.added_up(&Rollup {
                of: of.clone(),
                sums: *sums,
            })?;
        }
        transaction.commit().await.map(|_| ())
    }
}
