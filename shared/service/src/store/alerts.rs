//! Alerts of limits: made once by whoever sees a meter that has come to a percent, delivered by the function `notify`.
//!
//! An alert lies under its limit, the limit's period and amount, and the percent, so that it is there once, whoever makes
//! it how often. The meter remembers the last one of each limit only to save the question.

use std::collections::HashMap;
use std::future::ready;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::expression::Expression;
use super::item::{Item, Select, attributes, from_item};
use super::keys::{self, Key};
use super::quota::value;
use super::table::{DUE, QUEUE, TTL, Table};
use super::write::Written;
use super::{Store, StoreError};
use domain::access::quota::{self, Meter, Warning};
use domain::models::UserId;
use domain::models::alert::Alert;

/// The partitions of the index `due` that have the alerts to be delivered, and those of which nothing is to be done.
const WAITING: &str = "alert";
const DONE: &str = "alert-done";
/// The time for which an alert is kept behind the end of its period: as long as a meter may be late.
const KEPT: SignedDuration = SignedDuration::from_hours(32 * 24);
/// The same for a limit of all time, whose end is none. The meter remembers it longer.
const KEPT_OF_ALL_TIME: SignedDuration = SignedDuration::from_hours(400 * 24);
/// The alerts that one look at the queue takes.
const AT_ONCE: usize = 200;
/// The alerts of a list that is shown, of each queue.
const SHOWN: usize = 50;
/// Reads under way at once.
const READS: usize = 16;

/// An alert that is to be made.
#[derive(Clone, Debug)]
pub struct NewAlert {
    pub warning: Warning,
    pub alert: Alert,
}

/// An alert of the queue.
#[derive(Clone, Debug)]
pub struct QueuedAlert {
    key: Key,
    /// When it was to be tried; a try moves it.
    due: String,
    pub alert: Alert,
}

/// The keys of an item of the index `due`.
#[derive(Deserialize)]
struct Place {
    pk: String,
    sk: String,
    due: String,
}

impl Store {
    /// Makes the alerts that do not exist, and lets the meter of `user` remember them all. Repeated, it changes nothing.
    pub async fn alert(&self, user: &UserId, meter: &Meter, alerts: &[NewAlert]) -> Result<(), StoreError> {
        let now = self.clock.now();
        for NewAlert { warning, alert } in alerts {
            let key = keys::alert(user, &warning.name());
            let item = queued(&key, alert, alert.at)?;
            let change = Expression::change(&HashMap::new(), &item);
            let made: Written<Alert> = self.update_if(&key, change, Expression::absent()).await?;
            if made == Written::Done {
                tracing::info!(user.id = %user, alert.id = alert.id, alert.limit, alert.percent, "a limit is to be warned of");
            }
        }
        let warnings: Vec<Warning> = alerts.iter().map(|new| new.warning.clone()).collect();
        let warned = quota::warned(meter, &warnings, now);
        let change = Expression::new("SET z = :warned").value(":warned", value(&warned)?);
        self.update_if::<Meter>(&keys::meter(user), change, Expression::present())
            .await?;
        if let Some(known) = self.memory.meters.get(user) {
            let mut known = Meter::clone(&known);
            known.warned = Some(warned);
            self.memory.meters.insert(user.clone(), known.into());
        }
        Ok(())
    }

    /// The alerts that are to be delivered now, the longest due first.
    pub async fn due_alerts(&self) -> Result<Vec<QueuedAlert>, StoreError> {
        let due = keys::due(self.clock.now().as_second());
        let select = Select {
            limit: Some(AT_ONCE),
            ..queue(WAITING, due)
        };
        self.queued_alerts(select).await
    }

    /// The latest alerts, those that are still to be delivered first.
    pub async fn latest_alerts(&self) -> Result<Vec<Alert>, StoreError> {
        let latest = |name| Select {
            newest_first: true,
            limit: Some(SHOWN),
            ..queue(name, keys::END_OF_DUE.to_owned())
        };
        let (waiting, done) = tokio::try_join!(self.queued_alerts(latest(WAITING)), self.queued_alerts(latest(DONE)))?;
        Ok(waiting.into_iter().chain(done).map(|queued| queued.alert).collect())
    }

    /// One page of alerts. One that has gone meanwhile is none.
    async fn queued_alerts(&self, select: Select<'_>) -> Result<Vec<QueuedAlert>, StoreError> {
        let places = self.select(select, None).await?.items.unwrap_or_default();
        let read = stream::iter(places).map(|place| self.queued_alert(place));
        let read = read.buffered(READS).try_filter_map(|found| ready(Ok(found)));
        read.try_collect().await
    }

    async fn queued_alert(&self, place: Item) -> Result<Option<QueuedAlert>, StoreError> {
        let Place { pk, sk, due } = from_item(Table::Quota, place)?;
        let key = Key::new(Table::Quota, pk, sk);
        let alert = self.get::<Alert>(&key).await?;
        Ok(alert.map(|alert| QueuedAlert { key, due, alert }))
    }

    /// Takes an alert for one try, and puts it where the next one is due: false if another process was sooner.
    pub async fn take_alert(&self, queued: &mut QueuedAlert) -> Result<bool, StoreError> {
        let next = queued.alert.next_try(self.clock.now());
        queued.alert.attempts += 1;
        let due = keys::due(next.as_second());
        let change = Expression::new("SET attempts = :attempts, #due = :next")
            .name("#due", DUE)
            .number(":attempts", queued.alert.attempts)
            .text(":next", &due);
        let condition = Expression::new("#due = :due").text(":due", &queued.due);
        let taken: Written<Alert> = self.update_if(&queued.key, change, condition).await?;
        queued.due = due;
        Ok(taken == Written::Done)
    }

    /// Notes that a try has failed.
    pub async fn fail_alert(&self, queued: &QueuedAlert, failure: &str) -> Result<(), StoreError> {
        let change = Expression::new("SET failure = :failure").text(":failure", failure);
        self.update_if::<Alert>(&queued.key, change, Expression::present())
            .await
            .map(|_| ())
    }

    /// Takes an alert out of the queue: delivered, or for good without.
    pub async fn end_alert(&self, queued: &QueuedAlert, sent_at: Option<Timestamp>) -> Result<(), StoreError> {
        let mut text = "SET #queue = :done, #due = :at".to_owned();
        let at = queued.alert.at.as_second();
        let mut change = Expression::default()
            .name("#queue", QUEUE)
            .name("#due", DUE)
            .text(":done", DONE)
            .text(":at", keys::due(at));
        if let Some(sent_at) = sent_at {
            text.push_str(", sent_at = :sent_at REMOVE failure");
            change = change.text(":sent_at", sent_at.to_string());
        }
        change.text = text;
        self.update_if::<Alert>(&queued.key, change, Expression::present())
            .await
            .map(|_| ())
    }
}

/// The places of one queue up to a second.
fn queue(name: &str, due: String) -> Select<'static> {
    Select {
        table: Table::Quota,
        index: Table::Quota.indexes().first(),
        expected: Expression::new("#queue = :queue AND #due <= :due")
            .name("#queue", QUEUE)
            .name("#due", DUE)
            .text(":queue", name)
            .text(":due", due),
        newest_first: false,
        limit: None,
    }
}

/// The alert's attributes, to be delivered from `due` on.
fn queued(key: &Key, alert: &Alert, due: Timestamp) -> Result<Item, StoreError> {
    let kept_until = match alert.resets_at {
        Some(at) => at.max(alert.at).saturating_add(KEPT),
        None => alert.at.saturating_add(KEPT_OF_ALL_TIME),
    };
    let kept_until = kept_until.unwrap_or(Timestamp::MAX).as_second();
    let mut item = attributes(key.table, alert)?;
    item.extend([
        (QUEUE.to_owned(), AttributeValue::S(WAITING.to_owned())),
        (DUE.to_owned(), AttributeValue::S(keys::due(due.as_second()))),
        (TTL.to_owned(), AttributeValue::N(kept_until.to_string())),
    ]);
    Ok(item)
}
