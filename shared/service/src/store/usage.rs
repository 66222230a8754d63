//! Usage, written: a record for each exchange, and a row of sums for each person, four hours, model, key and backend.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::civil::Date;
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
use domain::models::rollup::{Dimensions, Rollup};
use domain::models::shadow::Finding;
use domain::models::usage::UsageRecord;

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
    #[serde(skip_serializing_if = "Option::is_none")]
    key_prefix: Option<&'a str>,
    #[serde(flatten)]
    shards: Shards,
    ttl: i64,
}

/// A finding, with the second until which it is kept.
#[derive(Serialize)]
struct FindingRow<'a> {
    #[serde(flatten)]
    finding: &'a Finding,
    ttl: i64,
}

/// The partitions in which the table's indexes have an item.
#[derive(Serialize)]
pub(super) struct Shards {
    /// Among everybody's.
    shard: String,
    /// Among those of the department. Left out without one: the index holds only items that have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    department_shard: Option<String>,
}

impl Shards {
    pub(super) fn new(key: &Key, kind: &str, department: Option<&DisplayName>) -> Self {
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
        let shards = Shards::new(&key, keys::ROLLUP, rollup.of.department.as_ref());
        let row = RollupRow {
            of: &rollup.of,
            key_prefix: rollup.key_prefix.as_deref(),
            shards,
            ttl: kept_until(rollup.of.day),
        };
        let counters = rollup
            .counters()
            .map(|(name, value)| (name, AttributeValue::N(value.to_string())));
        let row = attributes(key.table, &row)?;
        self.update(&key, set_and_add(row, counters), Expression::always())
    }

    /// Adds to a finding's count.
    pub(super) fn found(self, finding: &Finding) -> Result<Self, StoreError> {
        let key = keys::finding(finding);
        let ttl = kept_until(finding.day);
        let mut row = attributes(key.table, &FindingRow { finding, ttl })?;
        let count = row.remove_entry(Finding::COUNT);
        self.update(&key, set_and_add(row, count), Expression::always())
    }
}

/// Sets the attributes of a row, and adds to its counters.
pub(super) fn set_and_add(row: Item, counters: impl IntoIterator<Item = (String, AttributeValue)>) -> Expression {
    // In their order: a batch that is written again has to be the same to the letter.
    let (row, counters) = (BTreeMap::from_iter(row), BTreeMap::from_iter(counters));
    let set: Vec<_> = row.keys().map(|name| format!("#{name} = :{name}")).collect();
    let add: Vec<_> = counters.keys().map(|name| format!("#{name} :{name}")).collect();
    let change = Expression::new(format!("SET {} ADD {}", set.join(", "), add.join(", ")));
    row.into_iter().chain(counters).fold(change, |change, (name, value)| {
        change
            .name(&format!("#{name}"), &name)
            .value(&format!(":{name}"), value)
    })
}

/// The second until which sums of a UTC day are kept.
fn kept_until(day: Date) -> i64 {
    let begin = day
        .to_zoned(TimeZone::UTC)
        .map_or(Timestamp::MAX, |day| day.timestamp());
    days_after(begin, SUMS_KEPT_DAYS)
}

impl Store {
    /// Records an exchange that has no reservation to be settled. Recording it again changes nothing.
    pub async fn record_usage(&self, record: &UsageRecord) -> Result<(), StoreError> {
        let kept_days = self.settings().await?.kept_days();
        self.record_batch(&UsageBatch::of_one(record.clone(), kept_days)).await
    }
}

pub(super) fn days_after(at: Timestamp, days: u32) -> i64 {
    at.checked_add((i64::from(days) * 24).hours())
        .unwrap_or(Timestamp::MAX)
        .as_second()
}

/// The size of an item in bytes
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>).
#[cfg(test)]
pub(super) fn size(attributes: impl IntoIterator<Item = (String, AttributeValue)>) -> usize {
    fn of_value(value: AttributeValue) -> usize {
        match value {
            AttributeValue::S(text) => text.len(),
            AttributeValue::B(bytes) => bytes.into_inner().len(),
            AttributeValue::N(number) => number.len().div_ceil(2) + 1,
            AttributeValue::Bool(_) | AttributeValue::Null(_) => 1,
            AttributeValue::M(map) => 3 + map.len() + size(map),
            AttributeValue::L(list) => 3 + list.len() + list.into_iter().map(of_value).sum::<usize>(),
            other => panic!("{other:?}"),
        }
    }
    attributes
        .into_iter()
        .map(|(name, value)| name.len() + of_value(value))
        .sum()
}

#[cfg(test)]
mod tests {
    use domain::models::circumstances::BackendCall;
    use domain::models::sums::Sums;
    use serde_json::json;

    use super::*;

    /// The bytes of a write unit, by which writes are paid (twice in a transaction, once for an index).
    const UNIT: usize = 1024;

    fn record() -> UsageRecord {
        let id = "019aafd0c07b7f3cb1e5c1ed2ad1a1f5";
        let record = json!({
            "id": id, "request_id": "019aafd0-c07b-7f3c-b1e5-c1ed2ad1a1f5", "at": "2026-03-01T10:00:00.123456789Z", "user": id,
            "key": id, "department": "Research", "model": "claude-sonnet-4.5", "endpoint": "chat_completions",
            "client": "anthropic_sdk", "streamed": true, "backend": id, "status": 200, "outcome": "complete", "input_tokens": 123_456,
            "cached_input_tokens": 112_345, "cache_write_tokens": 10_000, "cache_write_1h_tokens": 0, "output_tokens": 12_345,
            "reasoning_tokens": 2345, "estimated": false, "cost": 123_456, "duration_ms": 123_456, "first_byte_ms": 1234,
            "user_name": "Wolfeschlegelstein", "user_email": "wolfeschlegelstein@example.com", "key_prefix": "sk-tg-abcdef",
            "policy": "engineering", "asked_model": "claude-sonnet-latest"
        });
        serde_json::from_value(record).unwrap()
    }

    #[test]
    fn g4_a_row_of_four_busy_hours_costs_no_second_write_unit() {
        let record = record();
        let mut row = Rollup::from(&record);
        row.hours.clear();
        // A thousand requests an hour, of all kinds that one dialect has, some of them slow and some refused.
        for hour in 8..12 {
            let mut sums = Sums::from(&record);
            (sums.requests, sums.errors, sums.estimated) = (1000, 12, 3);
            (sums.tokens.input, sums.tokens.cached_input, sums.tokens.output) = (123_456_789, 112_345_678, 12_345_678);
            (sums.tokens.cache_write, sums.tokens.reasoning, sums.cost.0) = (10_000_000, 2_345_678, 123_456_789);
            sums.speed.first_bytes = [0, 100, 800, 87, 12, 1, 0, 0];
            (sums.speed.tokens, sums.speed.ms) = (12_345_678, 123_456_789);
            sums.refused[0] = 123;
            row.hours.insert(hour, sums);
        }
        let key = keys::rollup(&row.of);
        let stored = RollupRow {
            of: &row.of,
            key_prefix: row.key_prefix.as_deref(),
            shards: Shards::new(&key, keys::ROLLUP, row.of.department.as_ref()),
            ttl: kept_until(row.of.day),
        };
        let counters = row
            .counters()
            .map(|(name, value)| (name, AttributeValue::N(value.to_string())));
        let own = size(attributes(key.table, &stored).unwrap()) + size(key.attributes());
        let all = own + size(counters);
        assert!(all <= UNIT, "{own} of {all} bytes are not counters");
    }

    #[test]
    fn g13_a_record_with_all_that_support_asks_costs_no_second_write_unit() {
        let mut record = record();
        for result in ["timeout", "rate_limited", "ok"] {
            record.circumstances.attempts.push(BackendCall {
                backend: record.backend.clone().unwrap(),
                result: result.to_owned(),
                ms: 12_345,
            });
        }
        let key = keys::usage_record(&record);
        let item = RecordItem {
            record: &record,
            shards: Shards::new(&key, keys::LOG, record.request.department.as_ref()),
            ttl: days_after(record.request.at, 30),
        };
        let all = size(attributes(key.table, &item).unwrap()) + size(key.attributes());
        assert!(all <= UNIT, "{all} bytes");
    }
}
