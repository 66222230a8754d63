//! How many second tries a process may make, so that an outage is not multiplied (promise 52).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

/// Of the requests of the last seconds, one in so many may be tried again.
const REQUESTS_PER_RETRY: u32 = 10;
/// So many a second may be in any case.
const LEAST_PER_SECOND: u32 = 3;
/// What "recent" means, in seconds.
const WINDOW: u32 = 10;

/// The budget of this process. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Retries(Arc<Mutex<RetryBudget>>);

impl Retries {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(RetryBudget::new(Instant::now()))))
    }

    /// Counts a request, whatever becomes of it.
    pub(crate) fn note_request(&self) {
        self.budget().note_request(Instant::now());
    }

    /// Takes a retry, if one is left.
    pub(crate) fn take_retry(&self) -> bool {
        self.budget().take_retry(Instant::now())
    }

    fn budget(&self) -> MutexGuard<'_, RetryBudget> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The requests and retries of the last ten seconds, second by second. Pure: time is an argument.
#[derive(Debug)]
struct RetryBudget {
    began: Instant,
    /// The second that the newest slot stands for, counted from `began`.
    second: u64,
    /// A ring; the slot of a second is its remainder.
    slots: [Slot; WINDOW as usize],
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    requests: u32,
    retries: u32,
}

impl RetryBudget {
    fn new(now: Instant) -> Self {
        Self {
            began: now,
            second: 0,
            slots: [Slot::default(); WINDOW as usize],
        }
    }

    fn note_request(&mut self, now: Instant) {
        self.slot(now).requests += 1;
    }

    fn take_retry(&mut self, now: Instant) -> bool {
        self.slot(now);
        let sum = |count: fn(&Slot) -> u32| self.slots.iter().map(count).fold(0, u32::saturating_add);
        let allowed = (sum(|slot| slot.requests) / REQUESTS_PER_RETRY).max(LEAST_PER_SECOND * WINDOW);
        let has_one = sum(|slot| slot.retries) < allowed;
        if has_one {
            self.slot(now).retries += 1;
        }
        has_one
    }

    /// The slot of this second, with those that have become old emptied. A clock that stands still does no harm.
    fn slot(&mut self, now: Instant) -> &mut Slot {
        let second = now.saturating_duration_since(self.began).as_secs().max(self.second);
        for passed in (self.second + 1..=second).take(WINDOW as usize) {
            self.slots[place(passed)] = Slot::default();
        }
        self.second = second;
        &mut self.slots[place(second)]
    }
}

fn place(second: u64) -> usize {
    usize::try_from(second % u64::from(WINDOW)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn retries(budget: &mut RetryBudget, now: Instant) -> u32 {
        (0..100_000).take_while(|_| budget.take_retry(now)).map(|_| 1).sum()
    }

    #[test]
    fn p52_three_retries_a_second_are_always_there_and_not_saved_up() {
        let began = Instant::now();
        let mut budget = RetryBudget::new(began);
        assert_eq!(retries(&mut budget, began), 30);
        assert_eq!(retries(&mut budget, began + Duration::from_secs(9)), 0);
        assert_eq!(retries(&mut budget, began + Duration::from_secs(10)), 30);
        assert_eq!(retries(&mut budget, began + Duration::from_hours(5)), 30);
    }

    #[test]
    fn p52_of_many_requests_one_in_ten_may_be_tried_again() {
        let began = Instant::now();
        let mut budget = RetryBudget::new(began);
        for millisecond in 0..10_000 {
            budget.note_request(began + Duration::from_millis(millisecond));
        }
        assert_eq!(retries(&mut budget, began + Duration::from_millis(9_999)), 1000);
        // As old requests leave, their share leaves with them, and the retries only with their own second.
        assert_eq!(retries(&mut budget, began + Duration::from_millis(18_500)), 0);
        assert_eq!(retries(&mut budget, began + Duration::from_secs(20)), 30);
    }

    #[test]
    fn p52_in_a_long_outage_retries_stay_a_tenth_of_the_requests() {
        let began = Instant::now();
        let mut budget = RetryBudget::new(began);
        let (mut requests, mut retried) = (0, 0);
        for millisecond in (0..60_000).step_by(2) {
            let now = began + Duration::from_millis(millisecond);
            budget.note_request(now);
            requests += 1;
            retried += u32::from(budget.take_retry(now));
        }
        assert!(retried <= requests / 10 + 30, "{retried} of {requests}");
        assert!(retried >= requests / 10 - 300, "{retried} of {requests}");
    }
}
