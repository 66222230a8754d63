//! The books of callers whose policy limits nothing. No reservation of theirs is settled, so their usage is entered
//! here: at once, or, where one process serves many for long, together with that of others within a second.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::models::usage::UsageRecord;
use service::store::{Store, UsageBatch};

/// Batches that wait while the store cannot be reached; beyond them the oldest are lost.
const MOST_WAITING: usize = 1000;

/// Enters usage in the books. Clones share what waits.
#[derive(Clone, Debug)]
pub(crate) struct Recorder {
    store: Store,
    /// For the next [`Recorder::flush`]; absent where usage is entered at once.
    waiting: Option<Arc<Mutex<Waiting>>>,
}

#[derive(Debug, Default)]
struct Waiting {
    /// Takes what comes.
    open: UsageBatch,
    /// Take no more: each may have been sent already.
    closed: VecDeque<UsageBatch>,
}

impl Recorder {
    /// Enters each record before anything goes on: Lambda freezes the process behind the answer.
    pub(crate) fn at_once(store: Store) -> Self {
        Self { store, waiting: None }
    }

    /// Keeps records until they are flushed.
    pub(crate) fn behind(store: Store) -> Self {
        Self {
            store,
            waiting: Some(Arc::default()),
        }
    }

    /// Enters a record. The answer is out: what cannot be entered is told to the log alone.
    pub(crate) async fn record(&self, record: UsageRecord) {
        if let Some(waiting) = &self.waiting {
            let settings = self.store.settings().await.unwrap_or_default();
            lock(waiting).add(record, settings.kept_days());
        } else if let Err(error) = Box::pin(self.store.record_usage(&record)).await {
            tracing::error!(usage.id = %record.id, %error, "usage could not be recorded");
        }
    }

    /// Writes what waits. What cannot be written waits for the next time.
    pub(crate) async fn flush(&self) {
        let Some(waiting) = &self.waiting else { return };
        let mut batches = lock(waiting).close();
        while let Some(batch) = batches.pop_front() {
            if let Err(error) = self.store.record_batch(&batch).await {
                tracing::error!(%error, "usage could not be recorded yet");
                batches.push_front(batch);
                lock(waiting).take_back(batches);
                return;
            }
        }
    }
}

impl Waiting {
    fn add(&mut self, record: UsageRecord, kept_days: Option<u32>) {
        if !self.open.has_room() {
            self.closed.push_back(mem::take(&mut self.open));
        }
        self.open.add(record, kept_days);
    }

    /// All that waits.
    fn close(&mut self) -> VecDeque<UsageBatch> {
        let mut batches = mem::take(&mut self.closed);
        if !self.open.is_empty() {
            batches.push_back(mem::take(&mut self.open));
        }
        batches
    }

    fn take_back(&mut self, mut older: VecDeque<UsageBatch>) {
        older.append(&mut self.closed);
        let lost = older.len().saturating_sub(MOST_WAITING);
        if lost > 0 {
            older.drain(..lost);
            tracing::error!(
                batches = lost,
                "usage is lost: the store cannot be reached for too long"
            );
        }
        self.closed = older;
    }
}

fn lock(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}
