//! Health of the backends: each is probed, and the result goes into the catalog (promise 53).
//!
//! Runs are safe to repeat and to overlap: a check changes nothing but the backend's own health, and only if nobody has
//! written it meanwhile; a backend that was checked in a run's minute already is not checked again.

mod app;
mod check;
mod probe;

use domain::models::BackendId;
use jiff::Timestamp;
use serde::Deserialize;
use service::functions::CheckResult;
use service::store::StoreError;

pub use app::App;
pub use check::{check_all, check_one};

/// The event of an invocation: by the schedule for all backends, by administration for one.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Event {
    backend: Option<BackendId>,
    /// Time at which the schedule was due, however late the event comes.
    time: Option<Timestamp>,
}

/// Checks what `event` names; the result is that of a single check.
pub async fn run(app: &App, event: Event) -> Result<Option<CheckResult>, StoreError> {
    match event.backend {
        Some(id) => check_one(app, &id).await,
        None => check_all(app, event.time.unwrap_or_else(|| app.store.clock().now()))
            .await
            .map(|()| None),
    }
}
