//! Usage, read: records newest first. Whose they are is part of every key expression (promise 39).
//!
//! What spreads over the shards of an index is read from all of them at once, and merged.

use std::ops::RangeInclusive;

use futures_util::future::{try_join, try_join_all};
use jiff::Timestamp;
use jiff::civil::Date;

use super::expression::Expression;
use super::item::{Item, Select, from_item};
use super::keys::{self, LOG, SEGMENT, SHARDS};
use super::page::{Page, Span};
use super::table::{Index, PK, SK, Table};
use super::{Store, StoreError};
use domain::models::usage::UsageRecord;
use domain::models::{DisplayName, UserId};

/// How often a page is filled up with what a filter has left over, before it is given out short.
const ROUNDS: usize = 20;
/// Segments that are read at first. Each may have one record or hundreds, so more are read only when these are few.
const FEW_SEGMENTS: usize = 8;

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
pub(super) struct Part {
    pub(super) records: Vec<UsageRecord>,
    /// Where there are more, an id below which all of them are.
    pub(super) until: Option<String>,
}

/// How much of each partition is read.
#[derive(Clone, Copy)]
struct Most {
    records: usize,
    segments: usize,
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
        let (oldest, newest) = (keys::usage_ids_from(*time.start()), keys::usage_ids_until(*time.end()));
        let mut newest = span.after.clone().unwrap_or(newest);
        let mut items = Vec::new();
        if newest < oldest {
            // The cursor is from before this time; the database refuses bounds that run backwards.
            return Ok(Page { items, next: None });
        }
        for round in 0..ROUNDS {
            let records = span.limit + 1;
            let segments = records.min(FEW_SEGMENTS << round);
            let most = Most { records, segments };
            let (records, horizon) = self.newest_of_all(whose, (&oldest, &newest), most).await?;
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

    /// The newest records of all partitions, and the id below which there may be more.
    async fn newest_of_all(
        &self,
        whose: Whose<'_>,
        ids: (&str, &str),
        most: Most,
    ) -> Result<(Vec<UsageRecord>, Option<String>), StoreError> {
        let (alone, together) = (whose.partitions(LOG), whose.partitions(SEGMENT));
        let alone = alone
            .iter()
            .map(|partition| self.newest_records(partition, ids, most.records));
        let together = together
            .iter()
            .map(|partition| self.newest_of_segments(partition, ids, most.segments));
        let (alone, together) = try_join(try_join_all(alone), try_join_all(together)).await?;
        // Below the highest place where a partition was left, it may have more that belong between the others'.
        let mut horizon = None;
        let mut records = Vec::new();
        for part in alone.into_iter().chain(together) {
            horizon = horizon.max(part.until);
            records.extend(part.records);
        }
        let is_above = |record: &UsageRecord| horizon.as_deref().is_none_or(|horizon| record.id.as_str() > horizon);
        records.retain(is_above);
        records.sort_unstable_by(|one, other| other.id.cmp(&one.id));
        Ok((records, horizon))
    }

    async fn newest_records(&self, partition: &Partition, ids: (&str, &str), limit: usize) -> Result<Part, StoreError> {
        let select = Select {
            limit: Some(limit),
            newest_first: true,
            ..partition.between(ids.0, ids.1)
        };
        let page = self.select(select, None).await?;
        let items = page.items.unwrap_or_default().into_iter();
        let records = items
            .filter(|item| self.is_live(item))
            .map(|item| from_item(Table::Usage, item));
        Ok(Part {
            records: records.collect::<Result<_, _>>()?,
            until: last_read(page.last_evaluated_key),
        })
    }
}

/// The sort key of the last item that was read, where there are more.
pub(super) fn last_read(key: Option<Item>) -> Option<String> {
    key.and_then(|mut key| key.remove(SK))
        .and_then(|sk| sk.as_s().ok().cloned())
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
