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
        for (part, sums) in row.parts() {
            let asked = (*part.start()).max(hours.start)..=(*part.end()).min(hours.end.plus(-1));
            if asked.is_empty() {
                continue;
            }
            let first = group(row, *asked.start());
            // Most parts are of one hour.
            let is_split = asked.start() != asked.end() && group(row, *asked.end()) != first;
            if is_split || (asked != part && first.is_some()) {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn op8_no_part_of_a_whole_day_is_left_out_unsaid() {
        let row = json!({"day": "2026-02-27", "user": "u", "key": "k", "model": "m", "requests": 1, "errors": 0,
            "estimated": 0, "input_tokens": 0, "output_tokens": 0, "cost": 0});
        let row: Rollup = serde_json::from_value(row).unwrap();
        let day = row.of.day;
        let hour = |hour: u8| UtcHour::of_day(day, hour);
        let whole = hour(0)..hour(0).plus(24);
        let sums = |hours: &Range<UtcHour>, is_wanted: bool| {
            let mut sums = UsageSums::default();
            sums.add(&row, hours, &|_: &Rollup, _: UtcHour| is_wanted.then_some(()));
            (sums.groups.len(), sums.undivided)
        };
        assert_eq!(sums(&whole, true), (1, None));
        for cut in [
            hour(0)..hour(23),
            hour(1)..hour(0).plus(24),
            hour(5)..hour(10),
            hour(5)..hour(6),
        ] {
            assert_eq!(sums(&cut, true), (0, Some(day)), "{cut:?}");
            assert_eq!(sums(&cut, false), (0, None), "{cut:?}");
        }
        let other_day = hour(0).plus(24)..hour(0).plus(48);
        assert_eq!(sums(&other_day, true), (0, None));
    }
}
