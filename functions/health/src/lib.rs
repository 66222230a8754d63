//! Health of the backends: each is probed, and the result goes into the catalog (promise 53).
//!
//! Runs are safe to repeat and to overlap: a check changes nothing but the backend's own health, and only if nobody has
//! written it meanwhile; a backend that was checked in a run's minute already is not checked again.

mod app;
mod caller;
mod check;
mod models;
mod probe;
mod trial;

use domain::models::BackendId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use service::functions::{BackendTrial, BackendTrialResult, CheckResult};
use service::store::StoreError;

pub use app::App;
pub use check::{check_all, check_one};
pub use trial::try_backend;

/// The event of an invocation: by the schedule for all backends, by administration for one, or for an entry to try.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Event {
    backend: Option<BackendId>,
    trial: Option<BackendTrial>,
    /// Time at which the schedule was due, however late the event comes.
    time: Option<Timestamp>,
}

/// The response to an invocation.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// The result of a single check; `None` when there is no such backend, and for the schedule.
    Check(Option<CheckResult>),
    Trial(BackendTrialResult),
}

/// Checks or tries what `event` names.
pub async fn run(app: &App, event: Event) -> Result<Answer, StoreError> {
    if let Some(trial) = event.trial {
        return Ok(Answer::Trial(try_backend(app, trial).await));
    }
    match event.backend {
        Some(id) => check_one(app, &id).await.map(Answer::Check),
        None => check_all(app, event.time.unwrap_or_else(|| app.store.clock().now()))
            .await
            .map(|()| Answer::Check(None)),
    }
}
