//! What the usage and log routes of users and of administrators have in common (api.md §3 and §5).

use std::collections::BTreeMap;
use std::ops::Bound;

use super::csv::Table;
use super::page::{List, Walk};
use crate::store::{Page, Span};
use domain::models::report::{GroupBy, LogEntry, UsageRow};
use domain::models::usage::{Sums, UsageRecord};

/// Days of one person's report.
pub const MOST_DAYS_OF_ONE: i32 = 366;
/// Days of a report over many people, who have a row each for every day, model and key.
pub const MOST_DAYS_OF_MANY: i32 = 92;

/// Sums by group, in the order of the groups.
pub type Groups = BTreeMap<Option<String>, Sums>;

/// What the cursors of a report are good for: the groups of another one are others.
pub fn list_name(by: GroupBy) -> String {
    format!("usage by {}", by.column())
}

/// The page of a report that `span` names.
pub fn report(groups: &Groups, by: GroupBy, walk: &Walk<'_>, span: &Span) -> Table<UsageRow> {
    let list = walk.list(page(groups, span), |(group, sums)| {
        UsageRow::new(by, group.clone(), *sums)
    });
    Table {
        list,
        columns: UsageRow::columns(by),
        name: "usage",
    }
}

/// A page of the request log, each entry as `show` makes it.
pub fn log(page: Page<UsageRecord>, walk: &Walk<'_>, show: impl Fn(LogEntry) -> LogEntry) -> Table<LogEntry> {
    let list: List<LogEntry> = walk.list(page, |record: &UsageRecord| show(LogEntry(record.clone())));
    Table {
        list,
        columns: LogEntry::columns(),
        name: "logs",
    }
}

/// A group's place in a report is the group itself, as JSON: there is one without a name.
fn page(groups: &Groups, span: &Span) -> Page<(Option<String>, Sums)> {
    let after = span
        .after
        .as_deref()
        .and_then(|position| serde_json::from_str::<Option<String>>(position).ok());
    let rest = (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
    let mut rest = groups
        .range::<Option<String>, _>(rest)
        .map(|(group, sums)| (group.clone(), *sums));
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
            .map(|name| (name.map(str::to_owned), Sums::default()))
            .collect();
        for limit in 1..=6 {
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
