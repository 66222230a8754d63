//! Connections on which no request has begun. The oldest give way to new ones, so that whoever opens connections and
//! says nothing on them shuts nobody out.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::AbortHandle;

/// The half-open connections of one worker, by the order in which they came. One that is being set up has no handle
/// yet.
#[derive(Debug)]
pub(crate) struct HalfOpen {
    most: usize,
    connections: Mutex<Connections>,
}

#[derive(Debug, Default)]
struct Connections {
    next: u64,
    by_number: BTreeMap<u64, Option<AbortHandle>>,
}

/// A connection's place among the half-open ones, until its first request.
#[derive(Debug)]
pub(crate) struct Place {
    of: Arc<HalfOpen>,
    number: u64,
    is_taken: AtomicBool,
}

impl HalfOpen {
    /// Room for so many.
    pub(crate) fn with_room_for(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            connections: Mutex::default(),
        })
    }

    /// A place for a new connection. If there is none, the oldest half-open connection is closed.
    pub(crate) fn enter(self: &Arc<Self>) -> Arc<Place> {
        let mut connections = self.lock();
        while connections.by_number.len() >= self.most {
            if let Some((_, Some(oldest))) = connections.by_number.pop_first() {
                oldest.abort();
            }
        }
        let number = connections.next;
        connections.next += 1;
        connections.by_number.insert(number, None);
        Arc::new(Place {
            of: Arc::clone(self),
            number,
            is_taken: AtomicBool::new(true),
        })
    }

    /// The connections, which are whole also if somebody panicked with them.
    fn lock(&self) -> MutexGuard<'_, Connections> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// The connection is served by this task, whose end is its end.
    pub(crate) fn served_by(&self, task: AbortHandle) {
        if let Some(place) = self.of.lock().by_number.get_mut(&self.number) {
            *place = Some(task);
        }
    }

    /// A request has begun.
    pub(crate) fn leave(&self) {
        if self.is_taken.swap(false, Ordering::Relaxed) {
            self.of.lock().by_number.remove(&self.number);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test]
    async fn p77_ha25_the_oldest_half_open_connection_gives_way() {
        let half_open = HalfOpen::with_room_for(2);
        let (mut tasks, mut handles) = (tokio::task::JoinSet::new(), Vec::new());
        for number in 0..4 {
            let place = half_open.enter();
            let held = Arc::clone(&place);
            let task = tasks.spawn(async move {
                if number == 1 {
                    held.leave();
                }
                pending::<()>().await;
                drop(held);
            });
            place.served_by(task.clone());
            tokio::task::yield_now().await;
            handles.push(task);
        }
        // The second has begun a request, so that the first has given way to the fourth alone.
        tokio::task::yield_now().await;
        let ended: Vec<bool> = handles.iter().map(tokio::task::AbortHandle::is_finished).collect();
        assert_eq!(ended, [true, false, false, false]);
    }
}
