//! The audit trail: written once, in the transaction of the change, and kept for 400 days.

use std::convert::Infallible;
use std::sync::{Arc, PoisonError};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

use super::expression::Expression;
use super::item::Range;
use super::keys::{self, Key};
use super::page::{Page, Span, partition, position_of};
use super::table::Table;
use super::transaction::Transaction;
use super::{Store, StoreError};
use domain::access::throttle::REFUSED_CHANGES;
use domain::models::UserId;
use domain::models::audit::AuditEntry;

const KEPT_DAYS: i64 = 400;

#[derive(Serialize, Deserialize)]
struct AuditItem {
    #[serde(flatten)]
    entry: AuditEntry,
    ttl: i64,
}

impl AuditItem {
    fn new(entry: &AuditEntry) -> Self {
        let until = entry.at.checked_add((KEPT_DAYS * 24).hours()).unwrap_or(Timestamp::MAX);
        Self {
            entry: entry.clone(),
            ttl: until.as_second(),
        }
    }
}

impl Transaction<'_> {
    /// The change and its entry are one: no entry, no change; and no change by a session that has ended.
    pub(super) fn audited(self, entry: &AuditEntry) -> Result<Self, StoreError> {
        let transaction = match &entry.authority {
            Some(authority) => self.under(authority)?,
            None => self,
        };
        transaction.put(&keys::audit(entry), &AuditItem::new(entry), Expression::absent())
    }
}

impl Store {
    /// Entries between two moments, newest first.
    pub async fn audit_entries(
        &self,
        from: Timestamp,
        until: Timestamp,
        span: &Span,
        keep: impl Fn(&AuditEntry) -> bool,
    ) -> Result<Page<AuditEntry>, StoreError> {
        let within = |entry: &AuditEntry| from <= entry.at && entry.at <= until && keep(entry);
        let mut page = Page {
            items: Vec::new(),
            next: span.after.clone(),
        };
        let begun = page.next.as_deref().and_then(partition);
        let newest = begun.unwrap_or_else(|| Key::audit_month(until));
        for month in months(from, until).filter(|month| *month <= newest) {
            let range = Range {
                table: Table::Audit,
                index: None,
                pk: &month,
                prefix: "",
                newest_first: true,
            };
            let rest = Span {
                after: page.next.take(),
                limit: span.limit - page.items.len(),
            };
            let some = self.page(&range, &rest, within).await?;
            page.items.extend(some.items);
            page.next = some.next;
            if page.items.len() == span.limit {
                // The month may be used up while earlier ones are not: the next page begins behind the last entry.
                let last = page.items.last().map(|entry| position_of(&keys::audit(entry)));
                page.next = page.next.or(last.filter(|_| month > Key::audit_month(from)));
                break;
            }
        }
        Ok(page)
    }

    /// Records that a change of `actor` was refused: so many of each person as there is room for, since nothing else
    /// throttles them (promise 64).
    pub async fn record_refused_change(&self, actor: &UserId, entry: &AuditEntry) -> Result<(), StoreError> {
        let window = || Ok::<_, Infallible>(Arc::default());
        let Ok(window) = self.memory.refused_changes.get_or_insert_with(actor, window);
        // A counter is whole whoever panicked with it.
        let has_room = {
            let mut window = window.lock().unwrap_or_else(PoisonError::into_inner);
            REFUSED_CHANGES.count(&mut window, self.clock.now())
        };
        if has_room { self.record(entry).await } else { Ok(()) }
    }

    /// Records what is no change of an item: a refused login.
    pub async fn record(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        self.transaction().audited(entry)?.commit().await.map(|_| ())
    }
}

/// The months that hold what happened between two moments, newest first.
fn months(from: Timestamp, until: Timestamp) -> impl Iterator<Item = String> {
    let (first, last) = (
        from.to_zoned(TimeZone::UTC).date().first_of_month(),
        until.to_zoned(TimeZone::UTC).date().first_of_month(),
    );
    let earlier = move |month: &Date| month.checked_sub(1.month()).ok().filter(|earlier| *earlier >= first);
    std::iter::successors(Some(last), earlier).map(|month| month.strftime("%Y-%m").to_string())
}

impl Key {
    /// One partition a month keeps each of them small enough to be read in pages.
    pub(super) fn audit_month(at: Timestamp) -> String {
        at.strftime("%Y-%m").to_string()
    }
}
