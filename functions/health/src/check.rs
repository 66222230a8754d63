//! Checks of one backend and of all.

use std::ops::RangeInclusive;

use domain::models::BackendId;
use domain::models::catalog::Backend;
use domain::models::health::{CheckFinding, FailureClass};
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use service::functions::CheckResult;
use service::store::StoreError;
use tokio::time::{Instant, timeout};

use crate::app::App;
use crate::probe::{self, Asked};

/// Backends checked at once, so that a slow one delays only itself.
const PARALLEL: usize = 64;

/// The most by which the clocks of processes may differ, in seconds.
const CLOCK_TOLERANCE_SECONDS: i64 = 600;

/// Checks all enabled backends that were not checked yet in the minute of `due` or later.
pub async fn check_all(app: &App, due: Timestamp) -> Result<(), StoreError> {
    let done = done(due, app.store.clock().now());
    let was_checked = |at: Timestamp| done.contains(&at.as_second());
    let is_due = |backend: &&Backend| backend.enabled && !backend.health.last_check_at.is_some_and(was_checked);
    let catalog = app.store.read_catalog().await?;
    let due: Vec<Backend> = catalog
        .entries()
        .flat_map(|entry| entry.backends.iter().filter(is_due).cloned())
        .collect();
    let checks = stream::iter(due).map(|backend| check_owned(app.clone(), backend));
    let results: Vec<_> = checks.buffer_unordered(PARALLEL).collect().await;
    results.into_iter().collect()
}

/// The seconds in which the check that was due at `due` may have been made: from its minute on. A check of the future
/// was made by a clock that was wrong.
fn done(due: Timestamp, now: Timestamp) -> RangeInclusive<i64> {
    let minute = due.as_second().div_euclid(60) * 60;
    minute..=now.as_second() + CLOCK_TOLERANCE_SECONDS
}

/// Checks the backend of this id now, enabled or not; `None` when there is none.
pub async fn check_one(app: &App, id: &BackendId) -> Result<Option<CheckResult>, StoreError> {
    let catalog = app.store.read_catalog().await?;
    match catalog
        .entries()
        .flat_map(|entry| &entry.backends)
        .find(|backend| backend.id == *id)
    {
        Some(backend) => check(app, backend, Asked::ByHand).await.map(Some),
        None => Ok(None),
    }
}

async fn check_owned(app: App, backend: Backend) -> Result<(), StoreError> {
    check(&app, &backend, Asked::BySchedule).await.map(|_| ())
}

async fn check(app: &App, backend: &Backend, asked: Asked) -> Result<CheckResult, StoreError> {
    let began = Instant::now();
    let response = timeout(app.timeout, probe::send(app, backend, asked))
        .await
        .unwrap_or(Err(FailureClass::Timeout));
    let (latency, now) = (began.elapsed(), app.store.clock().now());
    let finding = match &response {
        Ok(response) => response.finding(latency, asked),
        Err(class) => CheckFinding::Failed(*class),
    };
    // Requests have reported meanwhile: a check may take seconds.
    let before = app
        .store
        .health(&backend.id)
        .await?
        .unwrap_or_else(|| backend.health.clone());
    let was_healthy = before.healthy;
    let health = before.after_check(now, finding);
    let result = CheckResult {
        healthy: health.healthy,
        latency_ms: u64::try_from(latency.as_millis()).unwrap_or(u64::MAX),
        status: response.ok().map(|response| response.status.as_u16()),
        error: health.finding,
        last_check_at: now,
    };
    if health.healthy != was_healthy {
        tracing::warn!(backend = %backend.id, healthy = result.healthy, error = ?result.error, status = result.status, "health changed");
    }
    // No retry on a conflict: what was written meanwhile is as new as this one.
    app.store.update_health(&backend.id, &health).await?;
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_of_the_minute_is_not_repeated_and_one_of_the_future_does_not_count() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let done = done(at("2026-11-27T12:00:30Z"), at("2026-11-27T12:00:31Z"));
        for (check, is_done) in [
            ("2026-11-27T11:59:59Z", false),
            ("2026-11-27T12:00:00Z", true),
            ("2026-11-27T12:10:31Z", true),
            ("2026-11-27T12:10:32Z", false),
            ("2027-11-27T12:00:00Z", false),
        ] {
            assert_eq!(done.contains(&at(check).as_second()), is_done, "{check}");
        }
    }
}
