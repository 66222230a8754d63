//! The use that a limit has seen before its own counter begins: a new limit begins at what the sums of usage say of its
//! window.

use std::sync::Arc;

use super::super::usage_reads::Whose;
use super::super::{Store, StoreError, keys};
use super::update;
use domain::access::quota::{self, Amounts, Level, Limits, Meter, Moment, Place, Rule};
use domain::models::rollup::Rollup;
use domain::models::utc_hour::UtcHour;
use domain::models::{KeyId, UserId};
use jiff::Timestamp;

/// The account whose use is looked for, and until when.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    pub user: &'a UserId,
    /// The key, for limits of one.
    pub key: Option<&'a KeyId>,
    pub now: Timestamp,
}

impl Store {
    /// `limits` with what those have seen whose counters are not in `meter` yet; `None` if there are no such limits, as
    /// for nearly every request.
    pub async fn beginning(
        &self,
        seen: Seen<'_>,
        limits: &Limits,
        meter: &Meter,
    ) -> Result<Option<Limits>, StoreError> {
        let is_new = |rule: &&Rule| match &rule.place {
            Place::Slot(level, slot) => rule.begins_with_sums() && meter.slot(*level, slot).is_none(),
            Place::Day | Place::Month | Place::Window | Place::Live => false,
        };
        let mut found = Vec::new();
        for rule in limits.rules.iter().filter(is_new) {
            let begins_at = limits.begins_at(rule, seen.now);
            found.push((rule.place.clone(), self.seen_by(seen, rule, begins_at).await?));
        }
        if found.is_empty() {
            return Ok(None);
        }
        let mut limits = limits.clone();
        limits.begin_with(|rule| {
            let of_rule = found.iter().find(|(place, _)| *place == rule.place);
            of_rule.map(|(_, amounts)| *amounts).unwrap_or_default()
        });
        Ok(Some(limits))
    }

    /// The meter with the counters that a refused request has found missing: else the next one would read the sums
    /// again, and there would be nothing to reset. `None` if the meter has changed meanwhile, or cannot be written.
    pub(super) async fn begin_counters(
        &self,
        user: &UserId,
        (meter, limits): (&Meter, &Limits),
        moment: Moment,
    ) -> Option<Arc<Meter>> {
        let counters = quota::beginnings(meter, limits, moment);
        if counters.is_empty() {
            return None;
        }
        let (change, condition) = update::begin(&counters, meter).ok()?;
        let written = self.update_and_see(&keys::meter(user), change, condition).await;
        written.ok()?.ok().map(Arc::new)
    }

    /// The use of a limit since its window began. Sums have no parts of an hour: the hour in which the window
    /// begins counts as a whole.
    async fn seen_by(&self, seen: Seen<'_>, rule: &Rule, begins_at: Timestamp) -> Result<Amounts, StoreError> {
        let hours = UtcHour::of(begins_at)..UtcHour::of(seen.now).plus(1);
        let is_counted = |row: &Rollup, _: UtcHour| {
            let is_of_key = rule.level == Level::User || Some(&row.of.key) == seen.key;
            let model = row.of.model.as_ref().map_or("", |model| model.as_str());
            (is_of_key && rule.is_for(model)).then_some(())
        };
        let sums = self.usage_sums(Whose::User(seen.user), &hours, is_counted).await?;
        let sums = sums.groups.get(&()).copied().unwrap_or_default();
        let amount = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        Ok(Amounts {
            requests: amount(sums.requests),
            tokens: amount(sums.tokens.total()),
            cost: amount(sums.cost.0),
        })
    }
}
