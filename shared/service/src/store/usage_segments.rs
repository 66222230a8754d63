//! Records of usage that were written together: a segment is an item, and stands in each order at its newest record.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize, Serializer};

use super::expression::Expression;
use super::item::{Item, Select, from_item};
use super::keys;
use super::table::Table;
use super::transaction::Transaction;
use super::usage::{Shards, days_after};
use super::usage_reads::{Part, Partition, last_read};
use super::{Store, StoreError};
use domain::models::segment::{Segment, SegmentOf, place, unpacked};
use domain::models::usage::UsageRecord;
use domain::models::{DisplayName, UserId};

/// The attribute of the records.
const RECORDS: &str = "records";

#[derive(Serialize)]
struct SegmentItem<'a> {
    user: &'a UserId,
    #[serde(skip_serializing_if = "Option::is_none")]
    department: Option<&'a DisplayName>,
    records: Packed<'a>,
    #[serde(flatten)]
    shards: Shards,
    ttl: i64,
}

struct Packed<'a>(&'a [u8]);

impl Serialize for Packed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

/// What an item has beside its records.
#[derive(Deserialize)]
struct Head {
    user: UserId,
    #[serde(default)]
    department: Option<DisplayName>,
}

impl Transaction<'_> {
    /// The records of a segment.
    pub(super) fn logged_together(self, of: &SegmentOf, segment: &Segment) -> Result<Self, StoreError> {
        let (newest, at) = segment.newest();
        let key = keys::segment(&of.user, newest);
        let item = SegmentItem {
            user: &of.user,
            department: of.department.as_ref(),
            records: Packed(segment.packed()),
            shards: Shards::new(&key, keys::SEGMENT, of.department.as_ref()),
            ttl: days_after(at, of.kept_days),
        };
        self.put(&key, &item, Expression::absent())
    }
}

impl Store {
    /// The newest records between two ids, of all segments that may have the second one and at most `limit` below
    /// them. Those of one place overlap, so they are read as a whole: else a list could stop among them for ever.
    pub(super) async fn newest_of_segments(
        &self,
        partition: &Partition,
        (oldest, newest): (&str, &str),
        limit: usize,
    ) -> Result<Part, StoreError> {
        let place = place(newest);
        let mut items = self
            .all_between(partition, oldest.max(place), &format!("{place}g"))
            .await?;
        let mut until = None;
        if oldest < place {
            let select = Select {
                limit: Some(limit),
                newest_first: true,
                ..partition.between(oldest, place)
            };
            let below = self.select(select, None).await?;
            until = last_read(below.last_evaluated_key);
            items.extend(below.items.unwrap_or_default());
        }
        let items = items.into_iter().filter(|item| self.is_live(item));
        let records = items.map(records_of).collect::<Result<Vec<_>, _>>()?.concat();
        let records = records.into_iter().filter(|record| record.id.as_str() <= newest);
        Ok(Part {
            records: records.collect(),
            until,
        })
    }

    async fn all_between(&self, partition: &Partition, first: &str, last: &str) -> Result<Vec<Item>, StoreError> {
        let (mut items, mut start) = (Vec::new(), None);
        loop {
            let page = self.select(partition.between(first, last), start).await?;
            items.extend(page.items.unwrap_or_default());
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(items);
            }
        }
    }
}

fn records_of(mut item: Item) -> Result<Vec<UsageRecord>, StoreError> {
    let packed = match item.remove(RECORDS) {
        Some(AttributeValue::B(packed)) => packed.into_inner(),
        _ => Vec::new(),
    };
    let Head { user, department } = from_item(Table::Usage, item)?;
    unpacked(&user, department.as_ref(), &packed).map_err(|source| StoreError::Corrupt {
        entity: Table::Usage.name(),
        source: Box::new(source),
    })
}
