//! Delivers alerts to the webhooks of their policies, or of the settings (promise 97).
//!
//! Runs are safe to repeat and to overlap: whoever tries an alert moves it first to the time of its next try. What was
//! sent and not noted is sent again, with the same id.

mod app;
mod message;
mod target;
mod webhook;

use std::future::ready;
use std::time::Duration;

use domain::models::settings::Settings;
use futures_util::{StreamExt as _, stream};
use service::store::{QueuedAlert, StoreError};
use tokio::time::timeout;

pub use app::App;
use target::Target;
use webhook::Failure;

/// Deliveries under way at once.
const AT_ONCE: usize = 32;
/// Time for one delivery.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Delivers what is due. One alert's trouble does not keep the others waiting; the first error of the database is told
/// at the end.
pub async fn deliver_due(app: &App) -> Result<(), StoreError> {
    let due = app.store.due_alerts().await?;
    if due.is_empty() {
        return Ok(());
    }
    // As they are now: whoever has just mended an address does not wait.
    let settings = app.store.read_settings().await?;
    let delivered = stream::iter(due).map(|queued| deliver(app, &settings, queued));
    delivered
        .buffer_unordered(AT_ONCE)
        .fold(Ok(()), |outcome: Result<(), StoreError>, delivered| {
            ready(outcome.and(delivered))
        })
        .await
}

async fn deliver(app: &App, settings: &Settings, mut queued: QueuedAlert) -> Result<(), StoreError> {
    let policy = app.store.read_policy(&queued.alert.policy).await?;
    let Some(target) = Target::of(policy.as_ref(), settings) else {
        return app.store.end_alert(&queued, None).await;
    };
    if !app.store.take_alert(&mut queued).await? {
        return Ok(());
    }
    let sending = timeout(TIMEOUT, webhook::send(app, &target, &queued.alert));
    let sent = sending.await.unwrap_or_else(|_| Err(Failure::timed_out()));
    let now = app.store.clock().now();
    let Err(failure) = sent else {
        return app.store.end_alert(&queued, Some(now)).await;
    };
    let QueuedAlert { alert, .. } = &queued;
    tracing::warn!(alert.id, alert.attempts, %failure, "an alert is not delivered yet");
    app.store.fail_alert(&queued, &failure.to_string()).await?;
    if queued.alert.is_given_up(now) {
        tracing::error!(alert.id = queued.alert.id, %failure, "an alert is given up");
        app.store.end_alert(&queued, None).await?;
    }
    Ok(())
}
