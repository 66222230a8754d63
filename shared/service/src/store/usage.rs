//! Usage, written: a record for each exchange, and a row of sums for each person, day, model, key and backend.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::Serialize;

use super::expression::Expression;
use super::item::{Item, attributes};
use super::keys::{self, Key};
use super::transaction::Transaction;
use super::usage_batch::UsageBatch;
use super::{Store, StoreError};
use domain::models::DisplayName;
use domain::models::usage::{Dimensions, Rollup, UsageRecord};

/// How long sums are kept: a year, and a month to look back at it.
const SUMS_KEPT_DAYS: u32 = 400;

#[derive(Serialize)]
struct RecordItem<'a> {
    #[serde(flatten)]
    record: &'a UsageRecord,
    #[serde(flatten)]
    shards: Shards,
    ttl: i64,
}

/// What a row of sums has beside them.
#[derive(Serialize)]
struct RollupRow<'a> {
    #[serde(flatten)]
    of: &'a Dimensions,
    #[serde(flatten)]
    shards: Shards,
    ttl: i64,
}

/// The partitions in which the table's indexes have an item.
#[derive(Serialize)]
struct Shards {
    /// Among everybody's.
    shard: String,
    /// Among those of the department. Left out without one: the index holds only items that have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    department_shard: Option<String>,
}

impl Shards {
    fn new(key: &Key, kind: &str, department: Option<&DisplayName>) -> Self {
        let number = keys::shard_number(key);
        let shard_of = |department: &DisplayName| keys::department_shard(kind, number, department.as_str());
        Self {
            shard: keys::shard(kind, number),
            department_shard: department.map(shard_of),
        }
    }
}

impl Transaction<'_> {
    /// Records an exchange: its record, if it is to be kept, and its part of the sums. Refused when the
    /// record is there already.
    pub(super) fn recorded(self, record: &UsageRecord, kept_days: Option<u32>) -> Result<Self, StoreError> {
        let transaction = if let Some(days) = kept_days {
            self.logged(record, days)?
        } else {
            self
        };
        transaction.added_up(&Rollup::from(record))
    }

    /// The record, which is kept for so many days.
    pub(super) fn logged(self, record: &UsageRecord, days: u32) -> Result<Self, StoreError> {
        let key = keys::usage_record(record);
        let shards = Shards::new(&key, keys::LOG, record.request.department.as_ref());
        let item = RecordItem {
            record,
            shards,
            ttl: days_after(record.request.at, days),
        };
        self.put(&key, &item, Expression::absent())
    }

    /// Adds to the sums.
    pub(super) fn added_up(self, rollup: &Rollup) -> Result<Self, StoreError> {
        let key = keys::rollup(&rollup.of);
        let begin = rollup
            .of
            .day
            .to_zoned(TimeZone::UTC)
            .map_or(Timestamp::MAX, |day| day.timestamp());
        let shards = Shards::new(&key, keys::ROLLUP, rollup.of.department.as_ref());
        let row = RollupRow {
            of: &rollup.of,
            shards,
            ttl: days_after(begin, SUMS_KEPT_DAYS),
        };
        // In their order: a batch that is written again has to be the same to the letter.
        let (row, sums) = (
            sorted(attributes(key.table, &row)?),
            sorted(attributes(key.table, &rollup.sums)?),
        );
        let set: Vec<_> = row.keys().map(|name| format!("#{name} = :{name}")).collect();
        let add: Vec<_> = sums.keys().map(|name| format!("#{name} :{name}")).collect();
        let change = Expression::new(format!("SET {} ADD {}", set.join(", "), add.join(", ")));
        let change = row.into_iter().chain(sums).fold(change, |change, (name, value)| {
            change
                .name(&format!("#{name}"), &name)
                .value(&format!(":{name}"), value)
        });
        self.update(&key, change, Expression::always())
    }
}

impl Store {
    /// Records an exchange that has no reservation to be settled. Recording it again changes nothing.
    pub async fn record_usage(&self, record: &UsageRecord) -> Result<(), StoreError> {
        let kept_days = self.settings().await?.kept_days();
        let mut batch = UsageBatch::default();
        batch.add(record.clone(), kept_days);
        self.record_batch(&batch).await
    }
}

fn sorted(item: Item) -> BTreeMap<String, AttributeValue> {
    item.into_iter().collect()
}

fn days_after(at: Timestamp, days: u32) -> i64 {
    at.checked_add((i64::from(days) * 24).hours())
        .unwrap_or(Timestamp::MAX)
        .as_second()
}
