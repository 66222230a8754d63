//! Usage records of callers without limits. They have no reservation to be settled, so their records are written here:
//! at once, or, in a process that serves many requests for long, in batches once a second.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::models::rollup::Rollup;
use domain::models::shadow::Finding;
use domain::models::usage::UsageRecord;
use jiff::Timestamp;
use service::store::{Store, StoreError, UsageBatch};

use super::tallies::Tallies;

/// Batches kept while the store cannot be reached; the oldest beyond them are lost.
const MAX_PENDING: usize = 1000;
/// Time for a record that is written at once, as a settlement has it: what an exchange leaves of its invocation.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Pause between two tries. The store retries by itself within each.
const PAUSE: Duration = Duration::from_millis(500);

/// Writes usage records. Clones share the buffer.
#[derive(Clone, Debug)]
pub(crate) struct UsageWriter {
    store: Store,
    waiting: Waiting,
}

/// The part of the usage that waits in memory.
#[derive(Clone, Debug)]
enum Waiting {
    /// Counts alone, for once a minute: each record is written at once.
    Tallies(Arc<Mutex<Tallies>>),
    /// Records and counts, for the next [`UsageWriter::flush`].
    Buffer(Arc<Mutex<Buffer>>),
}

#[derive(Debug, Default)]
struct Buffer {
    /// The batch that takes new records.
    open: UsageBatch,
    /// Batches that take no more: each may have been sent already.
    closed: VecDeque<UsageBatch>,
}

impl UsageWriter {
    /// Writes each record before the response ends, when Lambda freezes the process.
    pub(crate) fn immediate(store: Store) -> Self {
        Self {
            store,
            waiting: Waiting::Tallies(Arc::default()),
        }
    }

    /// Keeps records until they are flushed.
    pub(crate) fn buffered(store: Store) -> Self {
        Self {
            store,
            waiting: Waiting::Buffer(Arc::default()),
        }
    }

    /// Writes a record. The response is out, so a failure is only logged and counted.
    pub(crate) async fn write(&self, record: UsageRecord) {
        let settings = self.store.settings().await.unwrap_or_default();
        if let Waiting::Buffer(buffer) = &self.waiting {
            lock(buffer).add(record, settings.kept_days());
            return;
        }
        let id = record.id.clone();
        let batch = UsageBatch::of_one(record, settings.kept_days());
        if let Err(error) = self.insist(&batch).await {
            tracing::error!(usage.id = %id, %error, usage_lost = 1, "usage could not be recorded");
        }
    }

    /// Tries for as long as there is time: requests of one key add to one row, and those that meet there have to wait
    /// for one another.
    async fn insist(&self, batch: &UsageBatch) -> Result<(), StoreError> {
        let mut last = StoreError::Conflict;
        let trying = async {
            while let Err(error) = Box::pin(self.store.record_batch(batch)).await {
                tracing::warn!(%error, "usage not recorded yet");
                last = error;
                tokio::time::sleep(PAUSE).await;
            }
        };
        let done = tokio::time::timeout(TIMEOUT, trying).await;
        done.map_err(|_| last)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.store.clock().now()
    }

    /// Counts a refused request.
    pub(crate) async fn refuse(&self, row: Rollup) {
        match &self.waiting {
            Waiting::Tallies(tallies) => lock(tallies).refuse(row),
            Waiting::Buffer(buffer) => lock(buffer).room().add_sums(row),
        }
        self.write_tallies().await;
    }

    /// Counts what a policy in shadow mode would have refused.
    pub(crate) async fn find(&self, finding: Finding) {
        match &self.waiting {
            Waiting::Tallies(tallies) => lock(tallies).find(finding),
            Waiting::Buffer(buffer) => lock(buffer).room().add_finding(finding),
        }
        self.write_tallies().await;
    }

    /// Writes the tallies, if it is time. With a buffer there are none: they are written with it.
    pub(crate) async fn write_tallies(&self) {
        let Waiting::Tallies(tallies) = &self.waiting else {
            return;
        };
        let due = lock(tallies).take_due(self.now());
        if let Some(batch) = due
            && let Err(error) = Box::pin(self.store.record_batch(&batch)).await
        {
            tracing::error!(%error, "refusals could not be counted");
        }
    }

    /// Writes the buffer. What cannot be written is kept for the next time.
    pub(crate) async fn flush(&self) {
        let Waiting::Buffer(buffer) = &self.waiting else {
            return;
        };
        let mut batches = lock(buffer).take();
        while let Some(batch) = batches.pop_front() {
            if let Err(error) = self.store.record_batch(&batch).await {
                tracing::error!(%error, "usage could not be recorded yet");
                batches.push_front(batch);
                lock(buffer).put_back(batches);
                return;
            }
        }
    }
}

impl Buffer {
    fn add(&mut self, record: UsageRecord, kept_days: Option<u32>) {
        self.room().add(record, kept_days);
    }

    /// A batch with room.
    fn room(&mut self) -> &mut UsageBatch {
        if !self.open.has_room() {
            self.closed.push_back(mem::take(&mut self.open));
        }
        &mut self.open
    }

    /// Takes all batches, oldest first.
    fn take(&mut self) -> VecDeque<UsageBatch> {
        let mut batches = mem::take(&mut self.closed);
        if !self.open.is_empty() {
            batches.push_back(mem::take(&mut self.open));
        }
        batches
    }

    fn put_back(&mut self, mut older: VecDeque<UsageBatch>) {
        older.append(&mut self.closed);
        let beyond = older.len().saturating_sub(MAX_PENDING);
        if beyond > 0 {
            let lost: u64 = older.drain(..beyond).map(|batch| batch.requests()).sum();
            tracing::error!(
                usage_lost = lost,
                "usage is lost: the store cannot be reached for too long"
            );
        }
        self.closed = older;
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
