//! The number of retries that a process may make, so that an outage is not multiplied (promise 52).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

/// One retry is allowed for so many requests of the window.
const REQUESTS_PER_RETRY: u32 = 10;
/// Retries allowed in any case.
const MIN_RETRIES_PER_SECOND: u32 = 3;
/// Length of the window.
const WINDOW_SECONDS: u32 = 10;

/// The budget of this process. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct RetryBudget(Arc<Mutex<Window>>);

impl RetryBudget {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Window::new(Instant::now()))))
    }

    /// Counts a request, whatever its result.
    pub(crate) fn count_request(&self) {
        self.window().count_request(Instant::now());
    }

    /// Takes a retry, if one is left.
    pub(crate) fn take_retry(&self) -> bool {
        self.window().take_retry(Instant::now())
    }

    fn window(&self) -> MutexGuard<'_, Window> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The requests and retries of the last ten seconds, in a slot for each second. Pure: time is an argument.
#[derive(Debug)]
struct Window {
    began: Instant,
    /// The second of the newest slot, counted from `began`.
    second: u64,
    /// A ring: the index of a second is its remainder.
    slots: [Slot; WINDOW_SECONDS as usize],
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    requests: u32,
    retries: u32,
}

impl Window {
    fn new(now: Instant) -> Self {
        Self {
            began: now,
            second: 0,
            slots: [Slot::default(); WINDOW_SECONDS as usize],
        }
    }

    fn count_request(&mut self, now: Instant) {
        self.slot(now).requests += 1;
    }

    fn take_retry(&mut self, now: Instant) -> bool {
        self.slot(now);
        let sum = |count: fn(&Slot) -> u32| self.slots.iter().map(count).fold(0, u32::saturating_add);
        let allowed = (sum(|slot| slot.requests) / REQUESTS_PER_RETRY).max(MIN_RETRIES_PER_SECOND * WINDOW_SECONDS);
        let has_one = sum(|slot| slot.retries) < allowed;
        if has_one {
            self.slot(now).retries += 1;
        }
        has_one
    }

    /// The slot of this second; clears the slots of seconds that have left the window. `now` may be the same as before.
    fn slot(&mut self, now: Instant) -> &mut Slot {
        let second = now.saturating_duration_since(self.began).as_secs().max(self.second);
        for passed in (self.second + 1..=second).take(WINDOW_SECONDS as usize) {
            self.slots[index(passed)] = Slot::default();
        }
        self.second = second;
        &mut self.slots[index(second)]
    }
}

fn index(second: u64) -> usize {
    usize::try_from(second % u64::from(WINDOW_SECONDS)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn retries(window: &mut Window, now: Instant) -> u32 {
        (0..100_000).take_while(|_| window.take_retry(now)).map(|_| 1).sum()
    }

    #[test]
    fn p52_three_retries_a_second_are_always_allowed_and_not_saved_up() {
        let began = Instant::now();
        let mut window = Window::new(began);
        assert_eq!(retries(&mut window, began), 30);
        assert_eq!(retries(&mut window, began + Duration::from_secs(9)), 0);
        assert_eq!(retries(&mut window, began + Duration::from_secs(10)), 30);
        assert_eq!(retries(&mut window, began + Duration::from_hours(5)), 30);
    }

    #[test]
    fn p52_one_request_in_ten_may_be_retried() {
        let began = Instant::now();
        let mut window = Window::new(began);
        for millisecond in 0..10_000 {
            window.count_request(began + Duration::from_millis(millisecond));
        }
        assert_eq!(retries(&mut window, began + Duration::from_millis(9_999)), 1000);
        // As old requests leave, their share leaves with them, and the retries only with their own second.
        assert_eq!(retries(&mut window, began + Duration::from_millis(18_500)), 0);
        assert_eq!(retries(&mut window, began + Duration::from_secs(20)), 30);
    }

    #[test]
    fn p52_in_a_long_outage_retries_stay_a_tenth_of_the_requests() {
        let began = Instant::now();
        let mut window = Window::new(began);
        let (mut requests, mut retried) = (0, 0);
        for millisecond in (0..60_000).step_by(2) {
            let now = began + Duration::from_millis(millisecond);
            window.count_request(now);
            requests += 1;
            retried += u32::from(window.take_retry(now));
        }
        assert!(retried <= requests / 10 + 30, "{retried} of {requests}");
        assert!(retried >= requests / 10 - 300, "{retried} of {requests}");
    }
}
