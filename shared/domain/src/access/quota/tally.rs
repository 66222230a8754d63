//! The counts of one kind in a window, by part.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::bucket::{Bucket, Frame};

/// So many parts may have left and still be kept: they cost bytes, taking them out costs a condition that may fail.
const SPARE_PARTS: usize = 12;

/// The counts of one kind, by part, and their sum.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    #[serde(rename = "s")]
    pub sum: i64,
    #[serde(rename = "p")]
    pub parts: BTreeMap<Bucket, i64>,
}

/// The change of one tally.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TallyStep {
    pub add: i64,
    /// Only if the sum is at most this; `None` for a limit that is not enforced.
    pub at_most: Option<i64>,
    /// Parts that have left and are taken out, if they still have these counts.
    pub gone: Vec<(Bucket, i64)>,
}

impl Tally {
    /// The amount in the window at `now_ms`.
    pub(super) fn counted(&self, frame: Frame, now_ms: i64) -> i64 {
        self.parts
            .iter()
            .filter(|(part, _)| frame.leaves_at(**part) > now_ms)
            .map(|(_, count)| count)
            .sum()
    }

    /// The moment at which so much has left that at most `rest` is counted, in milliseconds since 1970.
    pub(super) fn falls_to(&self, rest: i64, frame: Frame, now_ms: i64) -> i64 {
        let mut left = self.counted(frame, now_ms);
        let mut counted = self.parts.iter().filter(|(part, _)| frame.leaves_at(**part) > now_ms);
        let mut at = now_ms;
        while left > rest {
            let Some((part, count)) = counted.next() else { break };
            left -= count;
            at = frame.leaves_at(*part);
        }
        at
    }

    /// The step that adds to the tally as it is known.
    pub(super) fn step(&self, add: i64, limit: Option<i64>, frame: Frame, now_ms: i64) -> TallyStep {
        let gone = self.parts.iter().filter(|(part, _)| frame.leaves_at(**part) <= now_ms);
        let mut gone: Vec<(Bucket, i64)> = gone.map(|(part, count)| (*part, *count)).collect();
        let fits = limit.is_none_or(|limit| self.sum + add <= limit);
        if fits && gone.len() <= SPARE_PARTS {
            gone.clear();
        }
        let room: i64 = gone.iter().map(|(_, count)| count).sum();
        TallyStep {
            add,
            at_most: limit.map(|limit| limit - add + room),
            gone,
        }
    }

    /// The counts of the parts up to `last`.
    pub(super) fn until(&self, last: Bucket) -> Self {
        let parts: BTreeMap<Bucket, i64> = self.parts.range(..=last).map(|(part, count)| (*part, *count)).collect();
        Self {
            sum: parts.values().sum(),
            parts,
        }
    }

    pub(super) fn add(&mut self, part: Bucket, count: i64) {
        *self.parts.entry(part).or_default() += count;
        self.sum += count;
    }

    /// The same counts in parts of another length: each in the part that its own one ends in, but none after `last`.
    pub(super) fn recut(&self, old: Frame, new: Frame, (now_ms, last): (i64, Bucket)) -> Self {
        let mut tally = Self::default();
        for (part, count) in self
            .parts
            .iter()
            .filter(|(part, _)| old.leaves_at(**part) - old.window_ms + new.window_ms > now_ms)
        {
            tally.add(new.part((part.0 + 1) * old.part_ms - 1).min(last), *count);
        }
        tally
    }
}
