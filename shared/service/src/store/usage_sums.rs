//! Sums of usage, read and added up: by the hours that are asked for, and by any group of their dimensions.

use std::collections::BTreeMap;
use std::ops::Range;

use futures_util::future::try_join_all;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::keys::ROLLUP;
use super::usage_reads::{Partition, Whose, day_behind};
use super::{Store, StoreError};
use domain::models::rollup::Rollup;
use domain::models::sums::Sums;
use domain::models::utc_hour::UtcHour;

/// Sums by group.
#[derive(Clone, Debug)]
pub struct UsageSums<K> {
    pub groups: BTreeMap<K, Sums>,
    /// The last UTC day of which there are only sums of the whole, though a part of it was asked for, or its hours
    /// belong to different groups. They are left out.
    pub undivided: Option<Date>,
}

impl<K: Ord> Default for UsageSums<K> {
    fn default() -> Self {
        Self {
            groups: BTreeMap::new(),
            undivided: None,
        }
    }
}

impl<K: Ord> UsageSums<K> {
    fn add(&mut self, row: &Rollup, hours: &Range<UtcHour>, group: &impl Fn(&Rollup, UtcHour) -> Option<K>) {
        let group = |hour: &UtcHour| hours.contains(hour).then(|| group(row, *hour)).flatten();
        for (part, sums) in row.parts() {
            let first = group(part.start());
            // Most parts are of one hour.
            if part.start() != part.end() && group(part.end()) != first {
                self.undivided = self.undivided.max(Some(row.of.day));
            } else if let Some(group) = first {
                *self.groups.entry(group).or_default() += sums;
            }
        }
    }

    fn merge(mut self, other: Self) -> Self {
        for (group, sums) in other.groups {
            *self.groups.entry(group).or_default() += sums;
        }
        self.undivided = self.undivided.max(other.undivided);
        self
    }
}

impl Store {
    /// The sums of these hours, added up by what `group` makes of a row's hour; hours of which it makes nothing are
    /// left out.
    pub async fn usage_sums<K: Ord>(
        &self,
        whose: Whose<'_>,
        hours: &Range<UtcHour>,
        group: impl Fn(&Rollup, UtcHour) -> Option<K>,
    ) -> Result<UsageSums<K>, StoreError> {
        let partitions = whose.partitions(ROLLUP);
        let parts = partitions
            .iter()
            .map(|partition| self.sums_of_partition(partition, hours, &group));
        let parts = try_join_all(parts).await?;
        Ok(parts.into_iter().fold(UsageSums::default(), UsageSums::merge))
    }

    async fn sums_of_partition<K: Ord>(
        &self,
        partition: &Partition,
        hours: &Range<UtcHour>,
        group: &impl Fn(&Rollup, UtcHour) -> Option<K>,
    ) -> Result<UsageSums<K>, StoreError> {
        let first = hours.start.date_in(&TimeZone::UTC).to_string();
        let last = day_behind(hours.end.plus(-1).date_in(&TimeZone::UTC));
        let mut sums = UsageSums::default();
        self.each(&partition.between(&first, &last), |row: Rollup| {
            sums.add(&row, hours, group);
        })
        .await?;
        Ok(sums)
    }
}
