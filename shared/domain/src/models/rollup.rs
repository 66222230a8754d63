//! Rows of sums: what one person used of one model in four hours, with one key and at one backend, hour by hour.
//!
//! A day has six rows, so that a row with all counters of its hours is within the kilobyte that a write is paid by.

use std::collections::BTreeMap;
use std::ops::{AddAssign, RangeInclusive};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::sums::Sums;
use super::usage::UsageRecord;
use super::utc_hour::UtcHour;
use super::{BackendId, DisplayName, KeyId, ModelId, UserId};

/// Hours of a row.
const HOURS: u8 = 4;

/// Whose usage a row is of, and when.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Dimensions {
    /// The day in UTC.
    pub day: Date,
    /// The first of the row's four hours. Rows of before hours were kept have the whole day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_hour: Option<u8>,
    pub user: UserId,
    pub key: KeyId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<DisplayName>,
    /// Absent for requests that were refused before their model was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend: Option<BackendId>,
}

/// A row, or what is added to one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "StoredRow")]
pub struct Rollup {
    pub of: Dimensions,
    /// The key's beginning, by which people know it.
    pub key_prefix: Option<String>,
    /// The sums by the hour of the day.
    pub hours: BTreeMap<u8, Sums>,
    /// The sums of the whole day, in rows of before hours were kept.
    pub day: Sums,
}

/// A row as it is stored: the hours' counters are attributes such as `07r`.
#[derive(Deserialize)]
struct StoredRow {
    #[serde(flatten)]
    of: Dimensions,
    #[serde(default)]
    key_prefix: Option<String>,
    #[serde(flatten)]
    day: Sums,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

impl Dimensions {
    /// The dimensions of the row for `at`.
    #[must_use]
    pub fn at(self, at: Timestamp) -> Self {
        let at = Offset::UTC.to_datetime(at);
        Self {
            day: at.date(),
            from_hour: Some(hour_of_day(at.hour()) / HOURS * HOURS),
            ..self
        }
    }

    /// The dimensions of the row that has this record.
    pub fn of(record: &UsageRecord) -> Self {
        let request = &record.request;
        let dimensions = Self {
            day: Date::ZERO,
            from_hour: None,
            user: request.user.clone(),
            key: request.key.clone(),
            department: request.department.clone(),
            model: Some(request.model.clone()),
            backend: record.backend.clone(),
        };
        dimensions.at(request.at)
    }
}

fn hour_of_day(hour: i8) -> u8 {
    u8::try_from(hour).unwrap_or_default()
}

impl Rollup {
    /// The addition of `sums` at `at` to their row.
    pub fn one(of: Dimensions, key_prefix: Option<String>, at: Timestamp, sums: Sums) -> Self {
        let hour = hour_of_day(Offset::UTC.to_datetime(at).hour());
        Self {
            of: of.at(at),
            key_prefix,
            hours: BTreeMap::from([(hour, sums)]),
            day: Sums::default(),
        }
    }

    /// The smallest parts of its time that it has sums of, by their first and last hours.
    pub fn parts(&self) -> impl Iterator<Item = (RangeInclusive<UtcHour>, Sums)> {
        let hour = |hour| UtcHour::of_day(self.of.day, hour);
        let whole = (self.day != Sums::default()).then(|| (hour(0)..=hour(23), self.day));
        let hours = self
            .hours
            .iter()
            .map(move |(number, sums)| (hour(*number)..=hour(*number), *sums));
        whole.into_iter().chain(hours)
    }

    /// Its additions to the counters of a stored row, by their names.
    pub fn counters(&self) -> impl Iterator<Item = (String, u64)> {
        let named = |hour: u8| move |(letter, value)| (format!("{hour:02}{letter}"), value);
        self.hours
            .iter()
            .flat_map(move |(hour, sums)| sums.counters().map(named(*hour)))
    }
}

impl From<&UsageRecord> for Rollup {
    /// The record's own part of the sums.
    fn from(record: &UsageRecord) -> Self {
        let prefix = record.circumstances.key_prefix.clone();
        Self::one(Dimensions::of(record), prefix, record.request.at, Sums::from(record))
    }
}

impl From<StoredRow> for Rollup {
    fn from(row: StoredRow) -> Self {
        let mut hours: BTreeMap<u8, Sums> = BTreeMap::new();
        for (name, value) in row.rest {
            if let (Some((hour, letter)), Some(value)) = (counter(&name), value.as_u64()) {
                hours.entry(hour).or_default().add_counter(letter, value);
            }
        }
        Self {
            of: row.of,
            key_prefix: row.key_prefix,
            hours,
            day: row.day,
        }
    }
}

/// The hour and the letter of an attribute's name, if it is a counter's.
fn counter(name: &str) -> Option<(u8, char)> {
    let (hour, letter) = name.split_at_checked(2)?;
    let mut letters = letter.chars();
    let letter = letters.next().filter(|_| letters.next().is_none())?;
    let hour = hour.parse().ok().filter(|hour| *hour < 24)?;
    Some((hour, letter))
}

impl AddAssign for Rollup {
    /// Adds what belongs to the same row.
    fn add_assign(&mut self, other: Self) {
        for (hour, sums) in other.hours {
            *self.hours.entry(hour).or_default() += sums;
        }
        self.day += other.day;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;
    use crate::models::refusal_reason::RefusalReason;

    fn record(at: &str) -> UsageRecord {
        let record = json!({
            "id": "019aafd0c07b7f3cb1e5c1ed2ad1a1f5", "request_id": "r", "at": at, "user": "u", "key": "k",
            "model": "glm", "endpoint": "messages", "client": "curl", "streamed": false, "status": 200,
            "outcome": "complete", "input_tokens": 10, "cached_input_tokens": 4, "output_tokens": 5,
            "reasoning_tokens": 2, "estimated": false, "cost": 7, "duration_ms": 30
        });
        serde_json::from_value(record).unwrap()
    }

    #[test]
    fn g4_a_row_has_four_hours_and_is_read_as_it_was_written() {
        let mut row = Rollup::from(&record("2026-03-01T10:59:59Z"));
        assert_eq!(
            (row.of.day.to_string().as_str(), row.of.from_hour),
            ("2026-03-01", Some(8))
        );
        row += Rollup::from(&record("2026-03-01T08:00:00Z"));
        let refused = Sums::of_refusal(RefusalReason::InsufficientQuota);
        row += Rollup::one(row.of.clone(), None, "2026-03-01T08:00:00Z".parse().unwrap(), refused);
        let mut stored: Map<String, Value> = serde_json::from_value(serde_json::to_value(&row.of).unwrap()).unwrap();
        stored.extend(row.counters().map(|(name, value)| (name, json!(value))));
        stored.extend([
            ("pk".to_owned(), json!("x")),
            ("ttl".to_owned(), json!(5)),
            ("24r".to_owned(), json!(5)),
        ]);
        assert_eq!(
            (&stored["08r"], &stored["10i"], stored.get("10e")),
            (&json!(1), &json!(10), None)
        );
        let read: Rollup = serde_json::from_value(stored.into()).unwrap();
        assert_eq!(read, row);
        assert_eq!(
            read.hours[&8].refused().collect::<Vec<_>>(),
            [("insufficient_quota", 1)]
        );
        assert_eq!(read.parts().count(), 2);
    }

    /// As an earlier version has written it.
    #[test]
    fn g4_a_row_of_a_whole_day_is_one_part() {
        let row = json!({
            "day": "2026-03-01", "user": "u", "key": "k", "model": "glm", "requests": 1, "errors": 0, "estimated": 0,
            "input_tokens": 10, "cached_input_tokens": 4, "output_tokens": 5, "reasoning_tokens": 2, "cost": 7
        });
        let row: Rollup = serde_json::from_value(row).unwrap();
        let parts: Vec<_> = row.parts().collect();
        let [(hours, sums)] = parts.as_slice() else {
            panic!("{parts:?}")
        };
        assert_eq!(*sums, Sums::from(&record("2026-03-01T10:00:00Z")));
        assert_eq!(
            (hours.start().begin().to_string(), hours.end().begin().to_string()),
            ("2026-03-01T00:00:00Z".to_owned(), "2026-03-01T23:00:00Z".to_owned())
        );
    }
}
