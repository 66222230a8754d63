//! Sums of exchanges. Each counter has a letter, under which a row of sums has it for one hour.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use super::price::MicroUsd;
use super::refusal_reason::RefusalReason;
use super::speed::Speed;
use super::tokens::Tokens;
use super::usage::{Outcome, UsageRecord};

/// Sums of exchanges, and counts of requests that were refused before one began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sums {
    pub requests: u64,
    pub errors: u64,
    /// The requests whose tokens are estimated.
    pub estimated: u64,
    #[serde(flatten)]
    pub tokens: Tokens,
    pub cost: MicroUsd,
    #[serde(skip)]
    pub speed: Speed,
    /// Refused requests, which are none of `requests`, in the order of [`RefusalReason::ALL`].
    #[serde(skip)]
    pub refused: [u64; RefusalReason::ALL.len()],
}

/// A counter and its letter.
type Counter = (char, fn(&mut Sums) -> &mut u64);

/// Stored: a letter never changes its meaning.
const COUNTERS: [Counter; 30] = [
    ('r', |sums| &mut sums.requests),
    ('e', |sums| &mut sums.errors),
    ('g', |sums| &mut sums.estimated),
    ('i', |sums| &mut sums.tokens.input),
    ('c', |sums| &mut sums.tokens.cached_input),
    ('w', |sums| &mut sums.tokens.cache_write),
    ('l', |sums| &mut sums.tokens.cache_write_1h),
    ('o', |sums| &mut sums.tokens.output),
    ('t', |sums| &mut sums.tokens.reasoning),
    ('u', |sums| &mut sums.cost.0),
    ('A', |sums| &mut sums.speed.first_bytes[0]),
    ('B', |sums| &mut sums.speed.first_bytes[1]),
    ('C', |sums| &mut sums.speed.first_bytes[2]),
    ('D', |sums| &mut sums.speed.first_bytes[3]),
    ('E', |sums| &mut sums.speed.first_bytes[4]),
    ('F', |sums| &mut sums.speed.first_bytes[5]),
    ('G', |sums| &mut sums.speed.first_bytes[6]),
    ('H', |sums| &mut sums.speed.first_bytes[7]),
    ('s', |sums| &mut sums.speed.tokens),
    ('m', |sums| &mut sums.speed.ms),
    ('0', |sums| &mut sums.refused[0]),
    ('1', |sums| &mut sums.refused[1]),
    ('2', |sums| &mut sums.refused[2]),
    ('3', |sums| &mut sums.refused[3]),
    ('4', |sums| &mut sums.refused[4]),
    ('5', |sums| &mut sums.refused[5]),
    ('6', |sums| &mut sums.refused[6]),
    ('7', |sums| &mut sums.refused[7]),
    ('8', |sums| &mut sums.refused[8]),
    ('9', |sums| &mut sums.refused[9]),
];

impl Sums {
    /// The sums of one refused request.
    pub fn of_refusal(reason: RefusalReason) -> Self {
        let mut sums = Self::default();
        sums.refused[reason as usize] = 1;
        sums
    }

    /// The counters that are not 0: a row has no room for the others.
    pub fn counters(mut self) -> impl Iterator<Item = (char, u64)> {
        let values = COUNTERS.map(|(letter, counter)| (letter, *counter(&mut self)));
        values.into_iter().filter(|(_, value)| *value > 0)
    }

    /// Adds to the counter of this letter. One that a later version has is left out.
    pub fn add_counter(&mut self, letter: char, value: u64) {
        if let Some((_, counter)) = COUNTERS.iter().find(|(known, _)| *known == letter) {
            let sum = counter(self);
            *sum = sum.saturating_add(value);
        }
    }

    /// Refused requests by the name of their reason, without those that there were none of.
    pub fn refused(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let names = RefusalReason::ALL.map(RefusalReason::name);
        names.into_iter().zip(self.refused).filter(|(_, count)| *count > 0)
    }
}

impl From<&UsageRecord> for Sums {
    fn from(record: &UsageRecord) -> Self {
        let is_whole = record.outcome == Outcome::Complete;
        let streamed = record.streamed_output().filter(|_| is_whole);
        Self {
            requests: 1,
            errors: record.is_error().into(),
            estimated: record.estimated.into(),
            tokens: record.tokens,
            cost: record.cost,
            speed: Speed::of(record.first_byte_ms, record.duration_ms, streamed),
            ..Self::default()
        }
    }
}

impl AddAssign for Sums {
    fn add_assign(&mut self, mut other: Self) {
        for (_, counter) in COUNTERS {
            let sum = counter(self);
            *sum = sum.saturating_add(*counter(&mut other));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    #[test]
    fn g5_only_streams_that_came_to_their_end_have_a_rate() {
        for (streamed, outcome, tokens) in [(true, "complete", 5), (true, "cut_short", 0), (false, "complete", 0)] {
            let record = json!({
                "id": "019aafd0c07b7f3cb1e5c1ed2ad1a1f5", "request_id": "r", "at": "2026-03-01T10:00:00Z", "user": "u",
                "key": "k", "model": "glm", "endpoint": "messages", "client": "curl", "streamed": streamed,
                "status": 200, "outcome": outcome, "input_tokens": 10, "output_tokens": 5, "estimated": false,
                "cost": 7, "duration_ms": 30, "first_byte_ms": 10
            });
            let record: UsageRecord = serde_json::from_value(record).unwrap();
            assert_eq!(Sums::from(&record).speed.tokens, tokens, "{streamed} {outcome}");
        }
    }

    #[test]
    fn g4_each_counter_has_a_letter_of_its_own_and_is_read_as_it_was_written() {
        let letters: BTreeSet<char> = COUNTERS.iter().map(|(letter, _)| *letter).collect();
        assert_eq!(letters.len(), COUNTERS.len());
        let mut all = Sums::default();
        for ((_, counter), value) in COUNTERS.iter().zip(1..) {
            *counter(&mut all) = value;
        }
        let mut read = Sums::default();
        for (letter, value) in all.counters() {
            read.add_counter(letter, value);
        }
        assert_eq!((read, read.counters().count()), (all, COUNTERS.len()));
        read.add_counter('z', 1);
        assert_eq!(read, all, "a counter of a later version");
    }
}
