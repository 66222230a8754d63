//! Usage, read: records newest first. Whose they are is part of every key expression (promise 39).
//!
//! What spreads over the shards of an index is read from all of them at once, and merged.

use std::ops::RangeInclusive;

use futures_util::future::try_join_all;
use jiff::Timestamp;
use jiff::civil::Date;

use super::expression::Expression;
use super::item::{Item, Select, from_item};
use super::keys::{self, LOG, SHARDS};
use super::page::{Page, Span};
use super::table::{Index, PK, SK, Table};
use super::{Store, StoreError};
use domain::models::usage::UsageRecord;
use domain::models::{DisplayName, UserId};

/// How often a page is filled up with what a filter has left over, before it is given out short.
const ROUNDS: usize = 20;

/// Whose usage is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose<'a> {
    User(&'a UserId),
    /// What its people used while they were in it. May lag by moments, like everybody's.
    Department(&'a DisplayName),
    Everybody,
}

/// A partition to be read.
pub(super) struct Partition {
    index: Option<&'static Index>,
    pk: String,
}

impl Whose<'_> {
    pub(super) fn partitions(self, kind: &str) -> Vec<Partition> {
        let shards = |name: &str, pk: &dyn Fn(u32) -> String| {
            let index = Table::Usage.indexes().iter().find(|index| index.name == name);
            (0..SHARDS).map(|number| Partition { index, pk: pk(number) }).collect()
        };
        match self {
            Self::User(user) => vec![Partition::of_table(keys::usage_of(kind, user))],
            Self::Department(name) => shards("department", &|number| {
                keys::department_shard(kind, number, name.as_str())
            }),
            Self::Everybody => shards("everybody", &|number| keys::shard(kind, number)),
        }
    }
}

/// The newest records of one partition between two ids.
struct Part {
    items: Vec<Item>,
    /// Where there are more, the last that was read.
    until: Option<String>,
}

impl Store {
    /// Records between two moments, newest first. A page may be short before the end, when `keep` keeps few.
    pub async fn usage_records(
        &self,
        whose: Whose<'_>,
        time: &RangeInclusive<Timestamp>,
        span: &Span,
        keep: impl Fn(&UsageRecord) -> bool,
    ) -> Result<Page<UsageRecord>, StoreError> {
        let partitions = whose.partitions(LOG);
        let (oldest, newest) = (keys::usage_ids_from(*time.start()), keys::usage_ids_until(*time.end()));
        let mut newest = span.after.clone().unwrap_or(newest);
        let mut items = Vec::new();
        if newest < oldest {
            // The cursor is from before this time; the database refuses bounds that run backwards.
            return Ok(Page { items, next: None });
        }
        for _ in 0..ROUNDS {
            let (records, horizon) = self
                .newest_of_all(&partitions, (&oldest, &newest), span.limit + 1)
                .await?;
            let is_wanted = |record: &UsageRecord| time.contains(&record.request.at) && keep(record);
            for record in records.into_iter().filter(is_wanted) {
                if items.len() == span.limit {
                    return Ok(Page {
                        items,
                        next: Some(record.id.into()),
                    });
                }
                items.push(record);
            }
            match horizon {
                Some(horizon) => newest = horizon,
                None => return Ok(Page { items, next: None }),
            }
        }
        Ok(Page {
            items,
            next: Some(newest),
        })
    }

    /// The newest records of all partitions, at most `limit` of each, and the id below which there may be more.
    async fn newest_of_all(
        &self,
        partitions: &[Partition],
        ids: (&str, &str),
        limit: usize,
    ) -> Result<(Vec<UsageRecord>, Option<String>), StoreError> {
        let parts = partitions
            .iter()
            .map(|partition| self.newest_records(partition, ids, limit));
        let parts = try_join_all(parts).await?;
        // Below the highest place where a partition was left, it may have more that belong between the others'.
        let horizon = parts.iter().filter_map(|part| part.until.clone()).max();
        Ok((self.merged(parts, horizon.as_deref())?, horizon))
    }

    async fn newest_records(&self, partition: &Partition, ids: (&str, &str), limit: usize) -> Result<Part, StoreError> {
        let select = Select {
            limit: Some(limit),
            newest_first: true,
            ..partition.between(ids.0, ids.1)
        };
        let page = self.select(select, None).await?;
        let until = page
            .last_evaluated_key
            .and_then(|mut key| key.remove(SK))
            .and_then(|sk| sk.as_s().ok().cloned());
        Ok(Part {
            items: page.items.unwrap_or_default(),
            until,
        })
    }

    /// The records of all parts above the horizon, newest first.
    fn merged(&self, parts: Vec<Part>, horizon: Option<&str>) -> Result<Vec<UsageRecord>, StoreError> {
        let items = parts
            .into_iter()
            .flat_map(|part| part.items)
            .filter(|item| self.is_live(item));
        let records = items
            .map(|item| from_item::<UsageRecord>(Table::Usage, item))
            .collect::<Result<Vec<_>, _>>()?;
        let mut records: Vec<_> = records
            .into_iter()
            .filter(|record| horizon.is_none_or(|horizon| record.id.as_str() > horizon))
            .collect();
        records.sort_unstable_by(|one, other| other.id.cmp(&one.id));
        Ok(records)
    }
}

impl Partition {
    /// A partition of the table itself.
    pub(super) fn of_table(pk: String) -> Self {
        Self { index: None, pk }
    }

    /// Its items whose sort keys lie between these texts.
    pub(super) fn between(&self, first: &str, last: &str) -> Select<'static> {
        let pk = self.index.map_or(PK, |index| index.partition);
        let expected = Expression::new("#pk = :pk AND #sk BETWEEN :first AND :last")
            .name("#pk", pk)
            .name("#sk", SK);
        let expected = expected.text(":pk", &self.pk).text(":first", first).text(":last", last);
        Select {
            table: Table::Usage,
            index: self.index,
            expected,
            newest_first: false,
            limit: None,
        }
    }
}

/// The day behind `day`, as the text that all sort keys of `day` come before.
pub(super) fn day_behind(day: Date) -> String {
    day.tomorrow().unwrap_or(Date::MAX).to_string()
}
