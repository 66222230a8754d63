//! The upstream pool: the backends as this process sees them, with their requests in flight and the health that this
//! process has observed since the catalog's was written. Knows nothing of how a request is made.

use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use ahash::HashMap;
use domain::models::BackendId;
use domain::models::catalog::Backend;
use domain::models::health::{Availability, FailureClass, Health};
use jiff::Timestamp;
use service::store::Change;

/// All backends that this process has called. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pool(Arc<RwLock<HashMap<BackendId, Arc<Member>>>>);

/// One backend.
#[derive(Debug)]
struct Member {
    /// A backend that is created again under its old id is another one.
    created_at: Timestamp,
    in_flight: AtomicU32,
    /// True while one request probes a backend on probation; the others avoid it meanwhile.
    is_probed: AtomicBool,
    /// The health that was observed after the catalog's; `None` while both are equal.
    observed: Mutex<Option<Health>>,
}

/// A backend as it is at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MemberState {
    /// Requests of this process in flight.
    pub(crate) load: u32,
    /// True if one more request may be sent: the backend is available, or on probation and not being probed.
    pub(crate) usable: bool,
}

/// A request in flight. It counts as its backend's load until it is dropped.
#[derive(Debug)]
pub(crate) struct InFlight {
    backend: BackendId,
    member: Arc<Member>,
    /// The catalog's health of the backend.
    stored: Health,
    /// True if the request probes a backend on probation.
    is_probe: bool,
}

/// A backend was ejected, or is available again: other processes need to know.
#[derive(Debug)]
pub(crate) struct HealthChange {
    pub(crate) backend: BackendId,
    pub(crate) health: Health,
    member: Arc<Member>,
}

/// The result of a call, as far as it says something about the backend.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CallResult {
    Responded,
    Failed {
        class: FailureClass,
        retry_after: Option<Duration>,
    },
}

impl Pool {
    pub(crate) fn state(&self, backend: &Backend, now: Timestamp) -> MemberState {
        let Some(member) = self.known(backend) else {
            return MemberState {
                load: 0,
                usable: backend.health.usable(now),
            };
        };
        let usable = match member.health(&backend.health).availability(now) {
            Availability::Available => true,
            Availability::Probation => !member.is_probed.load(Ordering::Relaxed),
            Availability::Ejected => false,
        };
        MemberState {
            load: member.in_flight.load(Ordering::Relaxed),
            usable,
        }
    }

    /// Counts one more request to `backend`.
    pub(crate) fn begin(&self, backend: &Backend, now: Timestamp) -> InFlight {
        let member = self.known(backend).unwrap_or_else(|| self.add(backend));
        member.in_flight.fetch_add(1, Ordering::Relaxed);
        let is_on_probation = member.health(&backend.health).availability(now) == Availability::Probation;
        let is_probe = is_on_probation && !member.is_probed.swap(true, Ordering::Relaxed);
        InFlight {
            backend: backend.id.clone(),
            member,
            stored: backend.health,
            is_probe,
        }
    }

    fn known(&self, backend: &Backend) -> Option<Arc<Member>> {
        let members = self.0.read().unwrap_or_else(PoisonError::into_inner);
        members
            .get(&backend.id)
            .filter(|member| member.created_at == backend.created_at)
            .map(Arc::clone)
    }

    fn add(&self, backend: &Backend) -> Arc<Member> {
        let mut members = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let member = members
            .entry(backend.id.clone())
            .or_insert_with(|| Arc::new(Member::new(backend.created_at)));
        if member.created_at != backend.created_at {
            *member = Arc::new(Member::new(backend.created_at));
        }
        Arc::clone(member)
    }
}

impl Member {
    fn new(created_at: Timestamp) -> Self {
        Self {
            created_at,
            in_flight: AtomicU32::new(0),
            is_probed: AtomicBool::new(false),
            observed: Mutex::new(None),
        }
    }

    /// The observed health, unless the catalog's has a later version.
    fn health(&self, stored: &Health) -> Health {
        match self.observed().as_ref() {
            Some(observed) if observed.version >= stored.version => *observed,
            _ => *stored,
        }
    }

    fn observed(&self) -> MutexGuard<'_, Option<Health>> {
        self.observed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl InFlight {
    pub(crate) fn backend(&self) -> &BackendId {
        &self.backend
    }

    /// Requests of this process in flight at the backend, with this one.
    pub(crate) fn load(&self) -> u32 {
        self.member.in_flight.load(Ordering::Relaxed)
    }

    pub(crate) fn is_probe(&self) -> bool {
        self.is_probe
    }

    /// Adds a result to the backend's health; gives the change if its availability changed.
    pub(crate) fn report(&mut self, result: CallResult, now: Timestamp) -> Option<HealthChange> {
        let mut observed = self.member.observed();
        let before = observed
            .take()
            .filter(|observed| observed.version >= self.stored.version)
            .unwrap_or(self.stored);
        let after = match result {
            CallResult::Responded if before.is_spotless() => before,
            CallResult::Responded => before.after_success(),
            CallResult::Failed { class, retry_after } => before.after_failure(now, class, retry_after),
        };
        *observed = (after != self.stored).then_some(after);
        drop(observed);
        self.end_probe();
        let has_changed = after.availability(now) != before.availability(now);
        has_changed.then(|| HealthChange {
            backend: self.backend.clone(),
            health: after,
            member: Arc::clone(&self.member),
        })
    }

    fn end_probe(&mut self) {
        if mem::take(&mut self.is_probe) {
            self.member.is_probed.store(false, Ordering::Relaxed);
        }
    }
}

impl HealthChange {
    /// Takes the result of writing the change. On a conflict the observed health is dropped: another process has written
    /// since, and its observation is newer.
    pub(crate) fn written(&self, change: Change) {
        let version = (change == Change::Done).then_some(self.health.version + 1);
        let mut observed = self.member.observed();
        *observed = observed.take().and_then(|observed| {
            Some(Health {
                version: observed.version.max(version?),
                ..observed
            })
        });
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.end_probe();
        self.member.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000_000 + second).unwrap()
    }

    fn backend() -> Backend {
        serde_json::from_value(json!({
            "id": "b", "model_id": "m", "name": "b", "base_url": "https://host", "model_name": "m", "weight": 1, "enabled": true,
            "protocol": "openai", "max_concurrency": 0,
            "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "version": 1
        }))
        .unwrap()
    }

    const UNREACHABLE: CallResult = CallResult::Failed {
        class: FailureClass::Connect,
        retry_after: None,
    };

    fn state(pool: &Pool, backend: &Backend, now: Timestamp) -> (u32, bool) {
        let MemberState { load, usable } = pool.state(backend, now);
        (load, usable)
    }

    fn fail(pool: &Pool, backend: &Backend, times: u32, now: Timestamp) -> Option<HealthChange> {
        let mut changes: Vec<_> = (0..times)
            .filter_map(|_| pool.begin(backend, now).report(UNREACHABLE, now))
            .collect();
        assert!(changes.len() <= 1, "{changes:?}");
        changes.pop()
    }

    #[test]
    fn requests_count_until_they_are_dropped() {
        let (pool, backend) = (Pool::default(), backend());
        let in_flight: Vec<_> = (0..3).map(|_| pool.begin(&backend, at(0))).collect();
        assert_eq!(state(&pool, &backend, at(0)), (3, true));
        drop(in_flight);
        assert_eq!(state(&pool, &backend, at(0)), (0, true));
    }

    #[test]
    fn p53_only_being_taken_out_and_let_back_is_news() {
        let (pool, backend) = (Pool::default(), backend());
        let ejected = fail(&pool, &backend, 20, at(0)).unwrap();
        assert!(!ejected.health.healthy && !pool.state(&backend, at(0)).usable);
        assert!(
            pool.begin(&backend, at(30))
                .report(CallResult::Responded, at(30))
                .unwrap()
                .health
                .healthy
        );
        assert!(
            pool.begin(&backend, at(31))
                .report(CallResult::Responded, at(31))
                .is_none()
        );
    }

    #[test]
    fn p53_one_request_at_a_time_probes_an_ejected_backend() {
        let (pool, backend) = (Pool::default(), backend());
        fail(&pool, &backend, 5, at(0));
        let probe = pool.begin(&backend, at(30));
        assert!(probe.is_probe() && !pool.state(&backend, at(30)).usable);
        assert!(
            !pool.begin(&backend, at(30)).is_probe(),
            "a request without another backend is sent all the same"
        );
        drop(probe);
        assert!(
            pool.state(&backend, at(30)).usable,
            "a probe without a result makes room for another"
        );
    }

    #[test]
    fn p53_the_later_version_of_the_health_counts() {
        let (pool, mut backend) = (Pool::default(), backend());
        let ejected = fail(&pool, &backend, 5, at(0)).unwrap();
        ejected.written(Change::Done);
        backend.health = Health {
            version: 1,
            ..ejected.health
        };
        assert!(!pool.state(&backend, at(1)).usable);
        backend.health = Health {
            version: 2,
            ..ejected.health.after_success()
        };
        assert!(pool.state(&backend, at(1)).usable, "a health check has succeeded");
        fail(&pool, &backend, 5, at(2)).unwrap().written(Change::Conflict);
        assert!(pool.state(&backend, at(2)).usable, "another process has written since");
    }

    #[test]
    fn p53_a_backend_created_again_under_its_old_id_is_another_one() {
        let (pool, mut backend) = (Pool::default(), backend());
        let before = pool.begin(&backend, at(0));
        fail(&pool, &backend, 5, at(0));
        backend.created_at = at(1);
        assert_eq!(state(&pool, &backend, at(1)), (0, true));
        let _now = pool.begin(&backend, at(1));
        drop(before);
        assert_eq!(state(&pool, &backend, at(1)), (1, true));
    }
}
