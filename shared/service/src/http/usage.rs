//! What the usage and log routes of users and of administrators have in common (api.md §3 and §5).

use std::collections::BTreeMap;
use std::ops::{Bound, Range};

use jiff::Timestamp;

use super::ApiError;
use super::csv::Table;
use super::names::{Ids, Names};
use super::page::Walk;
use super::period::{Period, check_days_of};
use crate::store::{Page, Span, Store, StoreError, UsageSums, Whose};
use domain::models::log_entry::LogEntry;
use domain::models::report::{Group, GroupBy, Grouping, UsageRow};
use domain::models::rollup::Rollup;
use domain::models::sums::Sums;
use domain::models::usage::UsageRecord;
use domain::models::utc_hour::UtcHour;
use domain::models::zone::Zone;
use domain::models::{BackendId, KeyId, UserId};

/// Days of one person's report.
pub const MOST_DAYS_OF_ONE: i32 = 366;
/// Days of a report over many people, who have a row each for every day, model and key.
pub const MOST_DAYS_OF_MANY: i32 = 92;
/// Days of a report by the hour.
const MOST_DAYS_BY_HOUR: i32 = 14;

/// A report that is asked for.
#[derive(Clone, Debug)]
pub struct Report {
    by: Grouping,
    hours: Range<UtcHour>,
    zone: Zone,
}

/// Sums by group, in the order of the groups; with the owner where a group is a key.
type Groups = BTreeMap<Group, (Sums, Option<UserId>)>;

impl Report {
    /// Refuses a time of which the sums cannot be told exactly.
    pub fn new(by: Grouping, period: Period<'_>, now: Timestamp, most_days: i32) -> Result<Self, ApiError> {
        let most_days = if by.has(GroupBy::Hour) {
            MOST_DAYS_BY_HOUR.min(most_days)
        } else {
            most_days
        };
        let hours = period.hours(now, most_days)?;
        if by.has(GroupBy::Day) {
            check_days_of(period.zone, &hours)?;
        }
        Ok(Self {
            by,
            hours,
            zone: period.zone.clone(),
        })
    }

    /// The list that the cursors of a report are for: the groups of another report are others.
    pub fn list_name(by: &Grouping) -> String {
        let names: Vec<_> = by.by().iter().map(|by| by.column()).collect();
        format!("usage by {}", names.join(","))
    }

    /// The page that `span` names of the sums of `whose` rows that `fits`.
    pub async fn page(
        &self,
        store: &Store,
        whose: Whose<'_>,
        fits: impl Fn(&Rollup) -> bool,
        (walk, span): (&Walk<'_>, &Span),
    ) -> Result<Table<UsageRow>, ApiError> {
        let by_key = self.by.has(GroupBy::Key);
        let group = |row: &Rollup, hour| {
            let owner = by_key.then(|| row.of.user.clone());
            fits(row).then(|| (self.by.group(&row.of, hour, self.zone.rules()), owner))
        };
        let sums = store.usage_sums(whose, &self.hours, group).await?;
        let groups = divided(sums)?
            .into_iter()
            .map(|((group, owner), sums)| (group, (sums, owner)));
        let page = page(&groups.collect(), span);
        let names = Names::of(store, self.ids(&page)).await?;
        let list = walk.list(page, |(group, (sums, _))| UsageRow::new(&self.by, group, *sums));
        Ok(Table {
            list: list.with_names(names),
            columns: self.by.columns(),
            name: "usage",
        })
    }

    fn ids(&self, page: &Page<(Group, (Sums, Option<UserId>))>) -> Ids {
        let mut ids = Ids::default();
        for (group, (_, owner)) in &page.items {
            let user = self.by.of(GroupBy::User, group).and_then(|id| UserId::parse(id).ok());
            let key = self.by.of(GroupBy::Key, group).and_then(|id| KeyId::parse(id).ok());
            let backend = self
                .by
                .of(GroupBy::Backend, group)
                .and_then(|id| BackendId::parse(id).ok());
            ids.users.extend(user);
            ids.keys.extend(owner.clone().zip(key));
            ids.backends.extend(backend);
        }
        ids
    }
}

/// Sums, unless a part of them cannot be divided as they were asked for.
pub fn divided<K>(sums: UsageSums<K>) -> Result<BTreeMap<K, Sums>, ApiError> {
    if let Some(day) = sums.undivided {
        let message =
            format!("until {day} sums were kept by the day of UTC: ask for whole days of UTC, or for later times");
        return Err(ApiError::invalid("from", message));
    }
    Ok(sums.groups)
}

/// A page of the request log, each entry as `show` makes it.
pub async fn log(
    store: &Store,
    page: Page<UsageRecord>,
    walk: &Walk<'_>,
    show: impl Fn(LogEntry) -> LogEntry,
) -> Result<Table<LogEntry>, StoreError> {
    let list = walk.list(page, |record: &UsageRecord| show(LogEntry(record.clone())));
    let mut ids = Ids::default();
    for LogEntry(record) in list.entries() {
        ids.users.insert(record.request.user.clone());
        ids.keys
            .insert((record.request.user.clone(), record.request.key.clone()));
        ids.backends.extend(record.backend.clone());
        ids.backends
            .extend(record.circumstances.attempts.iter().map(|call| call.backend.clone()));
    }
    Ok(Table {
        list: list.with_names(Names::of(store, ids).await?),
        columns: LogEntry::columns(),
        name: "logs",
    })
}

/// A group's place in a report is the group itself, as JSON: there is one without a name.
fn page(groups: &Groups, span: &Span) -> Page<(Group, (Sums, Option<UserId>))> {
    let after = span
        .after
        .as_deref()
        .and_then(|position| serde_json::from_str::<Group>(position).ok());
    let rest = (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
    let mut rest = groups
        .range::<Group, _>(rest)
        .map(|(group, sums)| (group.clone(), sums.clone()));
    let items: Vec<_> = rest.by_ref().take(span.limit).collect();
    let is_last = rest.next().is_none();
    let next = items
        .last()
        .filter(|_| !is_last)
        .map(|(group, _)| serde_json::json!(group).to_string());
    Page { items, next }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p57_no_group_is_lost_or_doubled_at_page_borders() {
        let names = [None, Some("a"), Some("b"), Some("c"), Some("\"")];
        let groups: Groups = names
            .into_iter()
            .flat_map(|name| [name, None].map(|second| vec![name.map(str::to_owned), second.map(str::to_owned)]))
            .map(|group| (group, (Sums::default(), None)))
            .collect();
        for limit in 1..=10 {
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let Page { items, next } = page(&groups, &Span { after, limit });
                seen.extend(items.into_iter().map(|(group, _)| group));
                after = next;
                if after.is_none() {
                    break;
                }
            }
            assert!(seen.iter().eq(groups.keys()), "{limit}: {seen:?}");
        }
    }
}
