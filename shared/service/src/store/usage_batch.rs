//! Usage that is written together: records one by one, their sums added up beforehand.

use ahash::HashMap;
use std::collections::hash_map::Entry;

use super::{Store, StoreError};
use domain::models::rollup::{Dimensions, Rollup};
use domain::models::shadow::Finding;
use domain::models::usage::UsageRecord;
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
    sums: HashMap<Dimensions, Rollup>,
    findings: Vec<Finding>,
}

impl Default for UsageBatch {
    fn default() -> Self {
        Self {
            token: random::sortable_id(),
            records: Vec::new(),
            sums: HashMap::default(),
            findings: Vec::new(),
        }
    }
}

impl UsageBatch {
    pub fn is_empty(&self) -> bool {
        self.sums.is_empty() && self.findings.is_empty()
    }

    /// The number of requests that are added up.
    pub fn requests(&self) -> u64 {
        let hours = self.sums.values().flat_map(|rollup| rollup.hours.values());
        hours.map(|sums| sums.requests).sum()
    }

    /// True if another record fits in any case.
    pub fn has_room(&self) -> bool {
        self.records.len() + self.sums.len() + self.findings.len() + 2 <= MOST
    }

    /// Adds a record, kept for so many days if at all, to a batch that has room.
    pub fn add(&mut self, record: UsageRecord, kept_days: Option<u32>) {
        self.add_sums(Rollup::from(&record));
        self.records.extend(kept_days.map(|days| (record, days)));
    }

    /// Adds sums without a record to a batch that has room.
    pub fn add_sums(&mut self, rollup: Rollup) {
        match self.sums.entry(rollup.of.clone()) {
            Entry::Occupied(mut known) => *known.get_mut() += rollup,
            Entry::Vacant(place) => drop(place.insert(rollup)),
        }
    }

    /// Adds a finding to a batch that has room.
    pub fn add_finding(&mut self, finding: Finding) {
        match self.findings.iter_mut().find(|known| known.is_of_the_same(&finding)) {
            Some(known) => *known += finding,
            None => self.findings.push(finding),
        }
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
        for rollup in batch.sums.values() {
            transaction = transaction.added_up(rollup)?;
        }
        for finding in &batch.findings {
            transaction = transaction.found(finding)?;
        }
        transaction.commit().await.map(|_| ())
    }
}
