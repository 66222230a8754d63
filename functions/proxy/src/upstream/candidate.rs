//! A backend that may be called, as one process sees it.

use std::cmp::Ordering;

use domain::models::catalog::Backend;

#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    pub backend: &'a Backend,
    /// Requests of this process in flight.
    pub load: u32,
    /// Requests of this process in the last minutes, of which older ones count less.
    pub recent: f64,
    /// True if one more request may be sent: the backend is available, or on probation and not being probed. The others
    /// are the last resort.
    pub usable: bool,
}

impl Candidate<'_> {
    /// Backends without a weight compete only with each other, as equals.
    pub(super) fn weight(&self) -> u32 {
        self.backend.weight.max(1)
    }

    /// True if this process alone has as many requests there as it takes.
    pub(super) fn is_full(&self) -> bool {
        (1..=self.load).contains(&self.backend.max_concurrency)
    }

    /// Compares loads in proportion to weights.
    pub(super) fn by_load(&self, other: &Self) -> Ordering {
        let scaled = |load: u32, other: &Self| u64::from(load) * u64::from(other.weight());
        scaled(self.load, other).cmp(&scaled(other.load, self))
    }
}
