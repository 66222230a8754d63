//! What must hold of a run, judged from what the database has done and what lies in it, not from what anybody believes.

use std::collections::BTreeMap;

use domain::access::quota::{Limits, Meter, Place, StoredReservation, limit_usage};
use domain::models::api_key::ApiKey;
use domain::models::policy::{Mode, Policy};
use domain::models::rollup::Rollup;
use domain::models::sums::Sums;
use domain::models::usage::{Outcome, UsageRecord};
use domain::models::{UsageId, UserId};
use dynoxide::Database;
use jiff::Timestamp;
use serde_json::Value;

use crate::committed::Committed;
use crate::contents::{items, plain_item, read, read_item};
use crate::network::Done;
use crate::quota::History;

/// Follows a run.
pub(crate) struct Checks {
    pub(crate) policy: Policy,
    keys: Vec<ApiKey>,
    /// The most by which clocks may differ.
    skew_ms: i64,
    /// What was ever added to the meter, in that order.
    admitted: Vec<(UsageId, StoredReservation)>,
    /// When each was counted in the window.
    counted_at: Vec<i64>,
    committed: Committed,
}

/// What lies in the tables about one user.
pub(crate) struct Books {
    pub(crate) meter: Option<Value>,
    pub(crate) records: BTreeMap<UsageId, UsageRecord>,
    sums: Sums,
}

impl Checks {
    pub(crate) fn new(policy: Policy, keys: Vec<ApiKey>, skew_ms: i64) -> Self {
        Self {
            policy,
            keys,
            committed: Committed::default(),
            skew_ms,
            admitted: Vec::new(),
            counted_at: Vec::new(),
        }
    }

    /// Looks at each admission as it is done: no counter is ever beyond its limit (promises 40, 43 and 46).
    pub(crate) fn see(&mut self, done: &[Done]) {
        for write in done.iter().filter(|write| write.operation == "UpdateItem") {
            let request: Value = serde_json::from_slice(&write.request).unwrap();
            let Some((id, reservation)) = added(&request) else {
                continue;
            };
            let answer: Value = serde_json::from_slice(&write.answer).unwrap();
            let meter: Meter = read_item(&answer["Attributes"]);
            let now = Timestamp::from_millisecond(reservation.facts.at).unwrap();
            let used = limit_usage(&meter, &self.limits_of(&reservation), now);
            for usage in used.iter().filter(|usage| usage.is_enforced) {
                assert!(usage.used <= usage.value, "{usage:?} with {id}");
            }
            // A write that was lost and arrives when its request is settled adds it again, until somebody finds out.
            if !self.admitted.iter().any(|(known, _)| *known == id) {
                self.counted_at.extend(counted_at(&request, reservation.facts.at));
                self.admitted.push((id, reservation));
            }
        }
    }

    /// The limits that an admission with this reservation had to look at.
    fn limits_of(&self, reservation: &StoredReservation) -> Limits {
        let facts = &reservation.facts;
        let key = self.keys.iter().find(|key| key.id == facts.key);
        let of_request = key.map(|key| Limits::of(&self.policy, key, facts.model.as_str()));
        let mut limits = of_request.unwrap_or_else(|| Limits::from(&self.policy));
        // One that has come meanwhile was not looked at.
        limits.rules.retain(|rule| match &rule.place {
            Place::Slot(level, slot) => {
                let mut counted = reservation.counted.iter();
                counted.any(|counted| counted.level == *level && counted.slot == *slot)
            }
            Place::Day | Place::Month | Place::Window | Place::Live => true,
        });
        limits
    }

    /// Each counter is what the books and the requests under way say, after every write (B2).
    pub(crate) fn committed(&mut self, meter: &Meter, books: &Books) {
        self.committed.check(&self.admitted, meter, books);
    }

    pub(crate) fn skew_ms(&self) -> i64 {
        self.skew_ms
    }

    pub(crate) fn at_the_end(&self, books: &Books, history: &History) {
        self.rate_holds();
        self.each_is_in_the_books_once(books, history);
        self.counters_are_the_sum_of_the_books(books);
    }

    /// In no interval of the window's length are more admitted than the limit (promise 40).
    fn rate_holds(&self) {
        let Some(limit) = self.policy.rate_limit.filter(|_| self.policy.mode == Mode::Enforce) else {
            return;
        };
        let mut times = self.counted_at.clone();
        times.sort_unstable();
        let window_ms = i64::from(self.policy.rate_limit_window) * 1000 - self.skew_ms;
        for (first, beyond) in times
            .iter()
            .zip(times.iter().skip(usize::try_from(limit.get()).unwrap()))
        {
            assert!(
                beyond - first >= window_ms,
                "{} within {} ms: {times:?}",
                limit.get() + 1,
                beyond - first
            );
        }
    }

    /// Each admitted request has exactly one record: its own usage, or what was reserved (promises 44 and 45).
    fn each_is_in_the_books_once(&self, books: &Books, history: &History) {
        for id in &history.dispatched {
            assert!(
                self.admitted.iter().any(|(admitted, _)| admitted == id),
                "{id} was dispatched without admission"
            );
        }
        assert_eq!(books.records.len(), self.admitted.len(), "records and admissions");
        for (id, reservation) in &self.admitted {
            let record = books
                .records
                .get(id)
                .unwrap_or_else(|| panic!("{id} is not in the books"));
            let told = (record.outcome, record.tokens);
            let is_true = history.actual.get(id) == Some(&told);
            let is_as_reserved = record.outcome == Outcome::Abandoned
                && record.tokens.total() == reservation.input_tokens + reservation.output_tokens;
            assert!(
                is_true || is_as_reserved,
                "{id}: {told:?} instead of {:?}",
                history.actual.get(id)
            );
        }
        let total: u64 = books.records.values().map(|record| record.tokens.total()).sum();
        assert_eq!(books.sums.requests, books.records.len() as u64, "requests in the sums");
        assert_eq!(books.sums.tokens.total(), total, "tokens in the sums");
    }

    /// The counters of the last day and month are what the books say of it, and nothing is reserved any more.
    fn counters_are_the_sum_of_the_books(&self, books: &Books) {
        let Some(item) = &books.meter else {
            return assert!(self.admitted.is_empty(), "the meter is gone");
        };
        assert!(
            item.get("queue").is_none() && item.get("due").is_none(),
            "the janitor still has to come: {item}"
        );
        let meter: Meter = serde_json::from_value(item.clone()).unwrap();
        assert!(meter.reservations.is_empty(), "{:?}", meter.reservations);
        let (day, month) = (meter.day, meter.month);
        assert_eq!(
            (day.requests, day.tokens, day.cost),
            self.counted(books, |reservation| reservation.day == day.number),
            "the day {}",
            day.number
        );
        assert_eq!(
            (month.requests, month.tokens, month.cost),
            self.counted(books, |reservation| reservation.month == month.number),
            "the month {}",
            month.number
        );
        for tally in meter
            .window
            .iter()
            .flat_map(|window| [&window.requests, &window.tokens])
        {
            assert_eq!(
                tally.sum,
                tally.parts.values().sum::<i64>(),
                "the sum of the window's parts"
            );
            assert!(tally.parts.values().all(|count| *count >= 0), "{tally:?}");
        }
    }

    /// Requests, tokens and cost of the admitted requests whose reservation is `of` a period.
    fn counted(&self, books: &Books, of: impl Fn(&StoredReservation) -> bool) -> (i64, i64, i64) {
        let amount = |value: u64| i64::try_from(value).unwrap();
        let mut sum = (0, 0, 0);
        for (id, _) in self.admitted.iter().filter(|(_, reservation)| of(reservation)) {
            let record = &books.records[id];
            sum.0 += i64::from(record.outcome != Outcome::Failed);
            sum.1 += amount(record.tokens.total());
            sum.2 += amount(record.cost.0);
        }
        sum
    }
}

impl Books {
    pub(crate) fn of(database: &Database, user: &UserId) -> Self {
        let records = items(database, "usage", &format!("log#{user}"));
        let records = records
            .into_iter()
            .map(|item| serde_json::from_value::<UsageRecord>(item).unwrap());
        let mut sums = Sums::default();
        for row in items(database, "usage", &format!("rollup#{user}")) {
            let row: Rollup = serde_json::from_value(row).unwrap();
            row.parts().for_each(|(_, part)| sums += part);
        }
        Self {
            meter: items(database, "quota", &format!("user#{user}")).pop(),
            records: records.map(|record| (record.id.clone(), record)).collect(),
            sums,
        }
    }
}

/// The reservation that an update has added to a meter.
pub(crate) fn added(request: &Value) -> Option<(UsageId, StoredReservation)> {
    let values = &request["ExpressionAttributeValues"];
    if let Some(reservation) = values.get(":reservation") {
        let id = UsageId::parse(request["ExpressionAttributeNames"]["#id"].as_str()?).ok()?;
        return Some((id, read(reservation)));
    }
    let reservations: BTreeMap<UsageId, StoredReservation> = read(values.get(":r")?);
    reservations.into_iter().next()
}

/// When an admission was counted: when it was asked for, or with the newest that were counted before it.
fn counted_at(request: &Value, asked_at: i64) -> Option<i64> {
    let values = plain_item(&request["ExpressionAttributeValues"]);
    let (part, length) = match (values.get(":wn"), values.get(":wl"), values.get(":w")) {
        (Some(part), Some(length), _) => (part, length),
        (_, _, Some(window)) => (&window["n"], &window["l"]),
        _ => return None,
    };
    Some(asked_at.max(part.as_i64()? * length.as_i64()?))
}
