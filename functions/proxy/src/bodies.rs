//! Bodies that are being read: a budget of memory, and of each caller no more at once than its policy allows requests.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::Request;
use domain::models::UserId;
use domain::models::policy::Mode;
use service::http::body_budget::{BodyBudget, BudgetedBody};
use service::http::caller::ApiCaller;
use service::http::{ApiError, Code, json, refusal};
use service::store::Store;

/// The bodies of a process. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Bodies {
    max_bytes: usize,
    budget: BodyBudget,
    readers: Readers,
}

/// Bodies that are being read, by caller. Only callers with a limit are in it.
#[derive(Clone, Debug, Default)]
struct Readers(Arc<Mutex<HashMap<UserId, u64>>>);

/// The place of one body among those of its caller, given back when it is dropped.
#[derive(Debug)]
struct Place {
    readers: Readers,
    user: UserId,
}

impl Bodies {
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self {
            max_bytes,
            budget: BodyBudget::of_process(),
            readers: Readers::default(),
        }
    }

    /// The whole body of a request of `caller`. Its policy is looked at first: nothing is read for a caller that has as
    /// many requests under way as it may.
    pub(crate) async fn read(
        &self,
        store: &Store,
        caller: &ApiCaller,
        request: Request,
    ) -> Result<BudgetedBody, ApiError> {
        let policy = store.policy_of(&caller.user).await?;
        let policy = policy.ok_or_else(refusal::no_policy)?;
        let most = policy.max_concurrency.filter(|_| policy.mode == Mode::Enforce);
        let _place = match most {
            None => None,
            Some(most) => Some(self.readers.enter(&caller.user.id, most.get()).ok_or_else(|| {
                let message = format!("the policy `{}` allows {most} requests at once", policy.name);
                ApiError::new(Code::ConcurrencyLimitExceeded, message).retry_after(1)
            })?),
        };
        json::read_within(request, self.max_bytes, &self.budget).await
    }
}

impl Readers {
    /// A place, if fewer than `most` are taken.
    fn enter(&self, user: &UserId, most: u64) -> Option<Place> {
        let mut readers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = readers.entry(user.clone()).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Place {
            readers: self.clone(),
            user: user.clone(),
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut readers = self.readers.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(count) = readers.get_mut(&self.user) else {
            return;
        };
        *count -= 1;
        if *count == 0 {
            readers.remove(&self.user);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ha15_a_caller_reads_as_many_bodies_at_once_as_it_may() {
        let readers = Readers::default();
        let (one, other) = (UserId::generate(), UserId::generate());
        let first = readers.enter(&one, 2).unwrap();
        let _second = readers.enter(&one, 2).unwrap();
        assert!(readers.enter(&one, 2).is_none());
        assert!(readers.enter(&other, 2).is_some(), "each caller for itself");
        drop(first);
        assert!(readers.enter(&one, 2).is_some());
        assert_eq!(readers.0.lock().unwrap().len(), 1, "nobody is remembered for nothing");
    }
}
