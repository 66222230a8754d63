//! The backends as this process sees them: requests under way at each, and its own findings about their health over
//! what the catalog says. Knows nothing of how a request is made.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use ahash::HashMap;
use domain::models::BackendId;
use domain::models::catalog::Backend;
use domain::models::health::{Availability, FailureClass, Health};
use jiff::Timestamp;
use service::store::Change;

/// What this process knows of all backends it has called. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fleet(Arc<RwLock<HashMap<BackendId, Arc<Member>>>>);

/// One backend.
#[derive(Debug)]
struct Member {
    /// One that is made anew under its old id is another backend.
    created_at: Timestamp,
    under_way: AtomicU32,
    /// One request finds out whether the backend answers again; the others go elsewhere meanwhile.
    on_trial: AtomicBool,
    /// What this process has found since the catalog's state was written; `None` while it is of the same mind.
    found: Mutex<Option<Health>>,
}

/// A request under way at a backend. It counts as its load until it is dropped.
#[derive(Debug)]
pub(crate) struct Underway {
    backend: BackendId,
    member: Arc<Member>,
    /// What the catalog says of the backend's health.
    stored: Health,
    /// Whether it finds out if the backend answers again.
    is_trial: bool,
}

/// What other processes are to know: a backend was taken out or let back.
#[derive(Debug)]
pub(crate) struct News {
    pub(crate) backend: BackendId,
    pub(crate) health: Health,
    member: Arc<Member>,
}

/// What a request has come to, as far as it says something about the backend.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CallResult {
    Answered,
    Failed {
        class: FailureClass,
        retry_after: Option<Duration>,
    },
}

impl Fleet {
    /// Requests under way at `backend`, and whether one more may be tried there.
    pub(crate) fn look(&self, backend: &Backend, now: Timestamp) -> (u32, bool) {
        let Some(member) = self.known(backend) else {
            return (0, backend.health.usable(now));
        };
        let usable = match member.health(&backend.health).availability(now) {
            Availability::Available => true,
            Availability::Probation => !member.on_trial.load(Ordering::Relaxed),
            Availability::Ejected => false,
        };
        (member.under_way.load(Ordering::Relaxed), usable)
    }

    /// Counts one more request at `backend`.
    pub(crate) fn enter(&self, backend: &Backend, now: Timestamp) -> Underway {
        let member = self.known(backend).unwrap_or_else(|| self.add(backend));
        member.under_way.fetch_add(1, Ordering::Relaxed);
        let is_on_trial = member.health(&backend.health).availability(now) == Availability::Probation;
        let is_trial = is_on_trial && !member.on_trial.swap(true, Ordering::Relaxed);
        Underway {
            backend: backend.id.clone(),
            member,
            stored: backend.health,
            is_trial,
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
            under_way: AtomicU32::new(0),
            on_trial: AtomicBool::new(false),
            found: Mutex::new(None),
        }
    }

    /// The catalog's state, or what this process has found since. A state that was written later knows better.
    fn health(&self, stored: &Health) -> Health {
        match self.found().as_ref() {
            Some(found) if found.version >= stored.version => *found,
            _ => *stored,
        }
    }

    fn found(&self) -> MutexGuard<'_, Option<Health>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Underway {
    pub(crate) fn backend(&self) -> &BackendId {
        &self.backend
    }

    /// Requests of this process under way there, with this one.
    pub(crate) fn load(&self) -> u32 {
        self.member.under_way.load(Ordering::Relaxed)
    }

    pub(crate) fn is_trial(&self) -> bool {
        self.is_trial
    }

    /// Takes a finding in.
    pub(crate) fn report(&mut self, verdict: CallResult, now: Timestamp) -> Option<News> {
        let mut found = self.member.found();
        let before = found
            .take()
            .filter(|found| found.version >= self.stored.version)
            .unwrap_or(self.stored);
        let after = match verdict {
            CallResult::Answered if before.is_spotless() => before,
            CallResult::Answered => before.after_success(),
            CallResult::Failed { class, retry_after } => before.after_failure(now, class, retry_after),
        };
        *found = (after != self.stored).then_some(after);
        drop(found);
        self.end_trial();
        let is_news = after.availability(now) != before.availability(now);
        is_news.then(|| News {
            backend: self.backend.clone(),
            health: after,
            member: Arc::clone(&self.member),
        })
    }

    fn end_trial(&mut self) {
        if std::mem::take(&mut self.is_trial) {
            self.member.on_trial.store(false, Ordering::Relaxed);
        }
    }
}

impl News {
    /// Takes in whether it was written; if not, somebody else has written meanwhile, who knows better.
    pub(crate) fn written(&self, change: Change) {
        let written = (change == Change::Done).then_some(self.health.version + 1);
        let mut found = self.member.found();
        *found = found.take().and_then(|found| {
            Some(Health {
                version: found.version.max(written?),
                ..found
            })
        });
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        self.end_trial();
        self.member.under_way.fetch_sub(1, Ordering::Relaxed);
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

    const REFUSED: CallResult = CallResult::Failed {
        class: FailureClass::Connect,
        retry_after: None,
    };

    fn fail(fleet: &Fleet, backend: &Backend, times: u32, now: Timestamp) -> Option<News> {
        let mut news: Vec<_> = (0..times)
            .filter_map(|_| fleet.enter(backend, now).report(REFUSED, now))
            .collect();
        assert!(news.len() <= 1, "{news:?}");
        news.pop()
    }

    #[test]
    fn requests_count_until_they_are_dropped() {
        let (fleet, backend) = (Fleet::default(), backend());
        let under_way: Vec<_> = (0..3).map(|_| fleet.enter(&backend, at(0))).collect();
        assert_eq!(fleet.look(&backend, at(0)), (3, true));
        drop(under_way);
        assert_eq!(fleet.look(&backend, at(0)), (0, true));
    }

    #[test]
    fn p53_only_being_taken_out_and_let_back_is_news() {
        let (fleet, backend) = (Fleet::default(), backend());
        let out = fail(&fleet, &backend, 20, at(0)).unwrap();
        assert!(!out.health.healthy && !fleet.look(&backend, at(0)).1);
        assert!(
            fleet
                .enter(&backend, at(30))
                .report(CallResult::Answered, at(30))
                .unwrap()
                .health
                .healthy
        );
        assert!(
            fleet
                .enter(&backend, at(31))
                .report(CallResult::Answered, at(31))
                .is_none()
        );
    }

    #[test]
    fn p53_one_request_at_a_time_finds_out_whether_a_backend_answers_again() {
        let (fleet, backend) = (Fleet::default(), backend());
        fail(&fleet, &backend, 5, at(0));
        let trial = fleet.enter(&backend, at(30));
        assert!(trial.is_trial() && !fleet.look(&backend, at(30)).1);
        assert!(
            !fleet.enter(&backend, at(30)).is_trial(),
            "one that nobody else could serve goes there all the same"
        );
        drop(trial);
        assert!(
            fleet.look(&backend, at(30)).1,
            "a trial that came to nothing makes room for another"
        );
    }

    #[test]
    fn p53_what_was_written_later_is_believed() {
        let (fleet, mut backend) = (Fleet::default(), backend());
        let out = fail(&fleet, &backend, 5, at(0)).unwrap();
        out.written(Change::Done);
        backend.health = Health {
            version: 1,
            ..out.health
        };
        assert!(!fleet.look(&backend, at(1)).1);
        backend.health = Health {
            version: 2,
            ..out.health.after_success()
        };
        assert!(fleet.look(&backend, at(1)).1, "a check has found it well");
        fail(&fleet, &backend, 5, at(2)).unwrap().written(Change::Conflict);
        assert!(fleet.look(&backend, at(2)).1, "another process has written meanwhile");
    }

    #[test]
    fn p53_a_backend_made_anew_under_its_old_id_is_another_one() {
        let (fleet, mut backend) = (Fleet::default(), backend());
        let before = fleet.enter(&backend, at(0));
        fail(&fleet, &backend, 5, at(0));
        backend.created_at = at(1);
        assert_eq!(fleet.look(&backend, at(1)), (0, true));
        let _now = fleet.enter(&backend, at(1));
        drop(before);
        assert_eq!(fleet.look(&backend, at(1)), (1, true));
    }
}
