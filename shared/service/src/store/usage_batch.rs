//! Usage that is written together: records packed in segments, their sums added up beforehand.

use ahash::HashMap;
use std::collections::hash_map::Entry;

use super::{Store, StoreError};
use domain::models::rollup::{Dimensions, Rollup};
use domain::models::segment::{Segment, SegmentError, SegmentOf};
use domain::models::shadow::Finding;
use domain::models::usage::UsageRecord;
use domain::random;

/// Writes that a transaction can have.
const MOST: usize = 100;
/// Bytes of records: few enough for one item of 400 KB, and for a thousand batches in memory.
const MOST_BYTES: usize = 64 * 1024;

/// Some usage: as much as one transaction can write.
#[derive(Debug)]
pub struct UsageBatch {
    /// By which the database knows the batch when it comes again.
    token: String,
    /// A record that is kept by itself, for so many days.
    record: Option<(UsageRecord, u32)>,
    segments: HashMap<SegmentOf, Segment>,
    /// Of all segments.
    bytes: usize,
    sums: HashMap<Dimensions, Rollup>,
    findings: Vec<Finding>,
}

impl Default for UsageBatch {
    fn default() -> Self {
        Self {
            token: random::sortable_id(),
            record: None,
            segments: HashMap::default(),
            bytes: 0,
            sums: HashMap::default(),
            findings: Vec::new(),
        }
    }
}

impl UsageBatch {
    /// A single record with its sums, kept for so many days if at all.
    pub fn of_one(record: UsageRecord, kept_days: Option<u32>) -> Self {
        let mut batch = Self::default();
        batch.add_sums(Rollup::from(&record));
        batch.record = kept_days.map(|days| (record, days));
        batch
    }

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
        self.segments.len() + self.sums.len() + self.findings.len() + 2 <= MOST && self.bytes < MOST_BYTES
    }

    /// Adds a record, kept for so many days if at all, to a batch that has room.
    pub fn add(&mut self, record: UsageRecord, kept_days: Option<u32>) {
        self.add_sums(Rollup::from(&record));
        if let Some(days) = kept_days
            && let Err(error) = self.pack(record, days)
        {
            tracing::error!(%error, "a request is missing in the log");
        }
    }

    fn pack(&mut self, record: UsageRecord, days: u32) -> Result<(), SegmentError> {
        match self.segments.entry(SegmentOf::record(&record, days)) {
            Entry::Occupied(mut segment) => self.bytes += segment.get_mut().add(record)?,
            Entry::Vacant(place) => self.bytes += place.insert(Segment::new(record)?).packed().len(),
        }
        Ok(())
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
        if let Some((record, days)) = &batch.record {
            transaction = transaction.logged(record, *days)?;
        }
        for (of, segment) in &batch.segments {
            transaction = transaction.logged_together(of, segment)?;
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
