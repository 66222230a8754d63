//! The upstream pool: the backends as this process sees them, with their requests in flight and the health that this
//! process has observed since the catalog's was written. Knows nothing of how a request is made.

use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use ahash::HashMap;
use domain::models::BackendId;
use domain::models::catalog::Backend;
use domain::models::health::{Availability, CallerMark, Evidence, FailureClass, Health, RequestFailure};
use jiff::Timestamp;
use service::store::Change;

use super::candidate::Candidate;
use super::recent::Recent;

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
    observed: Mutex<Observed>,
}

/// What this process has observed of a backend.
#[derive(Debug, Default)]
struct Observed {
    /// The health after the catalog's; `None` while both are equal.
    health: Option<Health>,
    evidence: Evidence,
    /// Requests that this process has sent there.
    recent: Recent,
    /// When this process last had a success written.
    success_written_at: Option<Timestamp>,
}

/// A request in flight. It counts as its backend's load until it is dropped.
#[derive(Debug)]
pub(crate) struct InFlight {
    backend: BackendId,
    caller: CallerMark,
    member: Arc<Member>,
    /// The catalog's health of the backend.
    stored: Health,
    /// True if the request probes a backend on probation.
    is_probe: bool,
}

/// A change of a backend's health that others need to know.
#[derive(Debug)]
pub(crate) struct HealthChange {
    pub(crate) backend: BackendId,
    pub(crate) health: Health,
    pub(crate) news: News,
    member: Arc<Member>,
}

/// What is new of a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// It was ejected, or is available again.
    Availability,
    /// It succeeds, which a check has to know.
    Success,
}

/// The result of a call, as far as it says something about the backend.
#[derive(Clone, Debug)]
pub(crate) enum CallResult {
    Responded,
    Failed(RequestFailure),
}

impl CallResult {
    /// A failure of which nothing more is known.
    pub(crate) fn failed(class: FailureClass) -> Self {
        Self::Failed(RequestFailure {
            class,
            retry_after: None,
            message: None,
        })
    }
}

impl Pool {
    /// `backend` as it is now.
    pub(crate) fn state<'a>(&self, backend: &'a Backend, now: Timestamp) -> Candidate<'a> {
        let Some(member) = self.known(backend) else {
            return Candidate {
                backend,
                load: 0,
                recent: 0.0,
                usable: backend.health.usable(now),
            };
        };
        let observed = member.observed();
        let availability = observed.health(&backend.health).availability(now);
        let recent = observed.recent.count(now);
        drop(observed);
        Candidate {
            backend,
            load: member.in_flight.load(Ordering::Relaxed),
            recent,
            usable: match availability {
                Availability::Available => true,
                Availability::Probation => !member.is_probed.load(Ordering::Relaxed),
                Availability::Ejected => false,
            },
        }
    }

    /// The time until the end of the ejection of `backend`, if it is ejected.
    pub(crate) fn ejected_for(&self, backend: &Backend, now: Timestamp) -> Option<Duration> {
        let until = match self.known(backend) {
            Some(member) => member.observed().health(&backend.health).ejected_at(now),
            None => backend.health.ejected_at(now),
        };
        Duration::try_from(until?.duration_since(now)).ok()
    }

    /// Counts one more request of `caller` to `backend`.
    pub(crate) fn begin(&self, backend: &Backend, caller: CallerMark, now: Timestamp) -> InFlight {
        let member = self.known(backend).unwrap_or_else(|| self.add(backend));
        member.in_flight.fetch_add(1, Ordering::Relaxed);
        let mut observed = member.observed();
        observed.recent.add(now);
        let is_on_probation = observed.health(&backend.health).availability(now) == Availability::Probation;
        drop(observed);
        let is_probe = is_on_probation && !member.is_probed.swap(true, Ordering::Relaxed);
        InFlight {
            backend: backend.id.clone(),
            caller,
            member,
            stored: backend.health.clone(),
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
            observed: Mutex::default(),
        }
    }

    fn observed(&self) -> MutexGuard<'_, Observed> {
        self.observed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observed {
    /// The observed health, unless the catalog's has a later version.
    fn health<'a>(&'a self, stored: &'a Health) -> &'a Health {
        match &self.health {
            Some(observed) if observed.version >= stored.version => observed,
            _ => stored,
        }
    }

    /// The health after `result`; `None` if it is as before. Tells what of it is new to others.
    fn after(
        &mut self,
        before: &Health,
        caller: CallerMark,
        result: &CallResult,
        now: Timestamp,
    ) -> Option<(Health, Option<News>)> {
        match result {
            CallResult::Responded => {
                self.evidence.add_success(caller, now);
                let is_due = before.is_success_due(now) && self.may_write_success(now);
                if before.is_spotless() && !is_due {
                    return None;
                }
                let is_back = !before.healthy;
                let success = is_due.then_some(News::Success);
                let news = if is_back { Some(News::Availability) } else { success };
                self.success_written_at = news.map_or(self.success_written_at, |_| Some(now));
                Some((before.clone().after_success(now), news))
            }
            CallResult::Failed(failure) => {
                let counts = self.evidence.add_failure(caller, now);
                let after = before.clone().after_failure(now, failure, counts);
                let is_news = after.availability(now) != before.availability(now);
                Some((after, is_news.then_some(News::Availability)))
            }
        }
    }

    /// One process writes one success in half a minute, whether it was written or another write came first.
    fn may_write_success(&self, now: Timestamp) -> bool {
        let written = Health {
            last_success_at: self.success_written_at,
            ..Health::default()
        };
        written.is_success_due(now)
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

    /// Adds a result to the backend's health; gives what of it others need to know.
    pub(crate) fn report(&mut self, result: &CallResult, now: Timestamp) -> Option<HealthChange> {
        let member = Arc::clone(&self.member);
        let mut observed = member.observed();
        let before = observed
            .health
            .take()
            .filter(|health| health.version >= self.stored.version);
        let before = before.unwrap_or_else(|| self.stored.clone());
        let after = observed.after(&before, self.caller, result, now);
        let (after, news) = after.unwrap_or((before, None));
        observed.health = (after != self.stored).then(|| after.clone());
        drop(observed);
        self.end_probe();
        Some(HealthChange {
            backend: self.backend.clone(),
            health: after,
            news: news?,
            member,
        })
    }

    fn end_probe(&mut self) {
        if mem::take(&mut self.is_probe) {
            self.member.is_probed.store(false, Ordering::Relaxed);
        }
    }
}

impl HealthChange {
    /// Takes the result of writing the change. On a conflict the observed health is dropped: another process has
    /// written since, and its observation is newer.
    pub(crate) fn written(&self, change: Change) {
        let version = (change == Change::Done).then_some(self.health.version + 1);
        let mut observed = self.member.observed();
        observed.health = observed.health.take().and_then(|health| {
            Some(Health {
                version: health.version.max(version?),
                ..health
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
    use domain::models::UserId;
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

    fn caller() -> CallerMark {
        CallerMark::from(&UserId::generate())
    }

    fn state(pool: &Pool, backend: &Backend, now: Timestamp) -> (u32, bool) {
        let Candidate { load, usable, .. } = pool.state(backend, now);
        (load, usable)
    }

    fn fail(pool: &Pool, backend: &Backend, times: u32, now: Timestamp) -> Option<HealthChange> {
        let mut changes: Vec<_> = (0..times)
            .filter_map(|_| {
                pool.begin(backend, caller(), now)
                    .report(&CallResult::failed(FailureClass::Connect), now)
            })
            .collect();
        assert!(changes.len() <= 1, "{changes:?}");
        changes.pop()
    }

    #[test]
    fn requests_count_until_they_are_dropped() {
        let (pool, backend) = (Pool::default(), backend());
        let in_flight: Vec<_> = (0..3).map(|_| pool.begin(&backend, caller(), at(0))).collect();
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
            pool.begin(&backend, caller(), at(30))
                .report(&CallResult::Responded, at(30))
                .unwrap()
                .health
                .healthy
        );
        assert!(
            pool.begin(&backend, caller(), at(31))
                .report(&CallResult::Responded, at(31))
                .is_none()
        );
    }

    #[test]
    fn p53_one_request_at_a_time_probes_an_ejected_backend() {
        let (pool, backend) = (Pool::default(), backend());
        fail(&pool, &backend, 5, at(0));
        let probe = pool.begin(&backend, caller(), at(30));
        assert!(probe.is_probe() && !pool.state(&backend, at(30)).usable);
        assert!(
            !pool.begin(&backend, caller(), at(30)).is_probe(),
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
            ..ejected.health.clone()
        };
        assert!(!pool.state(&backend, at(1)).usable);
        backend.health = Health {
            version: 2,
            ..ejected.health.clone().after_success(at(1))
        };
        assert!(pool.state(&backend, at(1)).usable, "a health check has succeeded");
        fail(&pool, &backend, 5, at(2)).unwrap().written(Change::Conflict);
        assert!(pool.state(&backend, at(2)).usable, "another process has written since");
    }

    #[test]
    fn p53_a_backend_created_again_under_its_old_id_is_another_one() {
        let (pool, mut backend) = (Pool::default(), backend());
        let before = pool.begin(&backend, caller(), at(0));
        fail(&pool, &backend, 5, at(0));
        backend.created_at = at(1);
        assert_eq!(state(&pool, &backend, at(1)), (0, true));
        let _now = pool.begin(&backend, caller(), at(1));
        drop(before);
        assert_eq!(state(&pool, &backend, at(1)), (1, true));
    }
}
