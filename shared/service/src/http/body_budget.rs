//! The memory for request bodies under way: however many clients send at once, the process keeps within it
//! (promise 30).

use std::fs;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::{ApiError, Code};

/// The most that is set aside by default, in bytes.
const MOST: usize = 512 * 1024 * 1024;
/// The part of the process's memory that is set aside.
const PART: usize = 4;
/// Bytes of a permit of the semaphore, whose count has 32 bits on small machines.
const UNIT: usize = 1024;
/// Where the limit of a process in a container stands.
const CGROUP_LIMIT: &str = "/sys/fs/cgroup/memory.max";

/// A number of bytes that bodies share. Clones share it.
#[derive(Clone, Debug)]
pub struct BodyBudget(Arc<Semaphore>);

/// A body, which takes its part of the budget as long as it lives.
#[derive(Debug)]
pub struct BudgetedBody {
    pub bytes: Bytes,
    pub(super) share: Share,
}

/// The part of a budget that one body takes.
#[derive(Debug)]
pub(super) struct Share {
    budget: BodyBudget,
    permit: Option<OwnedSemaphorePermit>,
}

impl BodyBudget {
    pub fn of_bytes(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new((bytes / UNIT).min(Semaphore::MAX_PERMITS))))
    }

    /// A quarter of the memory that this process has, 512 MiB at most.
    pub fn of_process() -> Self {
        Self::of_bytes(memory().map_or(MOST, |bytes| bytes / PART).min(MOST))
    }

    /// Bytes that are free.
    pub fn available(&self) -> usize {
        self.0.available_permits() * UNIT
    }

    pub(super) fn share(&self) -> Share {
        Share {
            budget: self.clone(),
            permit: None,
        }
    }
}

impl BudgetedBody {
    /// The number of bytes that it takes of the budget.
    pub fn taken(&self) -> usize {
        self.share.permit.as_ref().map_or(0, OwnedSemaphorePermit::num_permits) * UNIT
    }
}

impl Share {
    /// Makes the share suffice for a body of `bytes`.
    pub(super) fn grow_to(&mut self, bytes: usize) -> Result<(), ApiError> {
        let units = bytes.div_ceil(UNIT);
        let more = units.saturating_sub(self.permit.as_ref().map_or(0, OwnedSemaphorePermit::num_permits));
        if more == 0 {
            return Ok(());
        }
        let more = u32::try_from(more).map_err(|_| exhausted())?;
        let added = Arc::clone(&self.budget.0)
            .try_acquire_many_owned(more)
            .map_err(|_| exhausted())?;
        match &mut self.permit {
            Some(permit) => permit.merge(added),
            None => self.permit = Some(added),
        }
        Ok(())
    }
}

fn exhausted() -> ApiError {
    ApiError::new(Code::Overloaded, "too many request bodies are under way at the moment").retry_after(1)
}

/// Bytes of memory that this process may use: those of its container, or of its machine. That of a Lambda function is
/// as large as its setting says.
fn memory() -> Option<usize> {
    let container = || fs::read_to_string(CGROUP_LIMIT).ok()?.trim().parse().ok();
    let machine = || {
        let lines = fs::read_to_string("/proc/meminfo").ok()?;
        let total = lines.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
        total
            .trim()
            .trim_end_matches(" kB")
            .parse::<usize>()
            .ok()?
            .checked_mul(1024)
    };
    container().or_else(machine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ha15_bodies_share_a_budget_and_give_it_back() {
        let budget = BodyBudget::of_bytes(10 * UNIT);
        let mut first = budget.share();
        first.grow_to(UNIT + 1).unwrap();
        first.grow_to(6 * UNIT).unwrap();
        assert_eq!(budget.available(), 4 * UNIT);
        let mut second = budget.share();
        assert_eq!(second.grow_to(5 * UNIT).unwrap_err().code(), Code::Overloaded);
        drop(first);
        second.grow_to(10 * UNIT).unwrap();
        drop(second);
        assert_eq!(budget.available(), 10 * UNIT);
    }

    #[test]
    fn ha15_the_budget_is_a_quarter_of_the_memory_and_512_mib_at_most() {
        let expected = memory().map_or(MOST, |bytes| bytes / 4).min(MOST);
        assert_eq!(BodyBudget::of_process().available(), expected / UNIT * UNIT);
    }
}
