//! On timers what the cloud does by schedules and by itself.

use std::time::Duration;

use jiff::SignedDuration;
use service::store::Store;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::functions::Functions;
use crate::home::Home;

/// The time between two writes of usage: a killed process loses as much.
const SECOND: Duration = Duration::from_secs(1);

/// Runs at this interval until `stop`. Of processes that share their tables one does the work, as long as it lives.
pub(crate) async fn run(every: Duration, home: Home, functions: Functions, stop: CancellationToken) {
    let holder = domain::random::sortable_id();
    let mut due = interval(every);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick comes at once, when the gateway should be starting.
    due.tick().await;
    while stop.run_until_cancelled(due.tick()).await.is_some() {
        match &home {
            Home::Embedded(data) => sweep(data.clone()).await,
            Home::Cloud(resources) if !has_turn(&resources.store, &holder, every).await => continue,
            Home::Cloud(_) => {}
        }
        if let Some(Err(error)) = stop
            .run_until_cancelled(health::run(&functions.health, health::Event::default()))
            .await
        {
            tracing::error!(%error, "the backends could not be checked");
        }
        if let Err(error) = janitor::settle_overdue(&functions.janitor).await {
            tracing::error!(%error, "expired reservations could not be settled");
        }
        if let Some(Err(error)) = stop.run_until_cancelled(notify::deliver_due(&functions.notify)).await {
            tracing::error!(%error, "alerts could not be delivered");
        }
    }
}

/// True if the schedule is this process's until the time after the next. Whoever cannot tell leaves it to others.
async fn has_turn(store: &Store, holder: &str, every: Duration) -> bool {
    let lasts = SignedDuration::try_from(every * 2).unwrap_or(SignedDuration::MAX);
    let Ok(until) = store.clock().now().saturating_add(lasts) else {
        return false;
    };
    let turn = store.take_turn("schedule", holder, until).await;
    turn.unwrap_or_else(|error| {
        tracing::error!(%error, "the turn at the schedule cannot be taken");
        false
    })
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
async fn sweep(data: crate::data::Data) {
    match tokio::task::spawn_blocking(move || data.sweep()).await {
        Ok(Ok(count)) => tracing::debug!(count, "expired items deleted"),
        Ok(Err(error)) => tracing::error!(%error, "expired items cannot be deleted"),
        Err(error) => tracing::error!(%error, "the sweep of expired items failed"),
    }
}
