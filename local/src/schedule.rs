//! On timers what the cloud does by schedules and by itself.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::data::Data;
use crate::functions::Functions;

/// Of usage, what a killed process may lose.
const SECOND: Duration = Duration::from_secs(1);

/// Runs at this interval until `stop`.
pub(crate) async fn run(every: Duration, data: Data, functions: Functions, stop: CancellationToken) {
    let mut due = interval(every);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick comes at once, when the gateway should be starting.
    due.tick().await;
    while stop.run_until_cancelled(due.tick()).await.is_some() {
        sweep(data.clone()).await;
        if let Some(Err(error)) = stop
            .run_until_cancelled(health::run(&functions.health, health::Event::default()))
            .await
        {
            tracing::error!(%error, "the backends could not be checked");
        }
        if let Err(error) = janitor::settle_overdue(&functions.janitor).await {
            tracing::error!(%error, "expired reservations could not be settled");
        }
    }
}

/// Writes what callers without limits have used, a second late at most, until `stop`; what comes later is written at
/// the end of the gateway.
pub(crate) async fn write_usage(proxy: proxy::App, stop: CancellationToken) {
    let mut second = interval(SECOND);
    second.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while stop.run_until_cancelled(second.tick()).await.is_some() {
        // Not to be stopped half-way: what is being written would not wait any more.
        proxy.write_usage().await;
    }
}

/// Deletes expired items.
async fn sweep(data: Data) {
    match tokio::task::spawn_blocking(move || data.sweep()).await {
        Ok(Ok(count)) => tracing::debug!(count, "expired items deleted"),
        Ok(Err(error)) => tracing::error!(%error, "expired items cannot be deleted"),
        Err(error) => tracing::error!(%error, "the sweep of expired items failed"),
    }
}
