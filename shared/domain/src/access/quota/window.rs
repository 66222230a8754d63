//! A rate in a sliding window, exact to one sixtieth of it (promise 41).
//!
//! Counts are kept by part of the window. A part counts until all of it has left, so room may come late, never early.
//! Beside the parts stands their sum, parts that have left included until somebody takes them out: so a process that
//! knows nothing of the parts can still let the database check "sum < limit", which errs on the late side only. One
//! that knows of parts that have left takes them out with the same update, on the condition that they still are what it
//! knows.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Parts of a window.
const PARTS: i64 = 60;
/// So many parts may have left and still be kept: they cost bytes, taking them out costs a condition that may fail.
const SPARE_PARTS: usize = 12;

/// A window's length and that of its parts, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    pub window_ms: i64,
    pub part_ms: i64,
}

/// A part's number since 1970. Stored as text in base 36: it is the name of an attribute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bucket(pub i64);

/// The counts of requests and tokens in one user's window.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    #[serde(rename = "l")]
    pub part_ms: i64,
    /// The newest part that anything was counted in: a clock that is behind counts there too.
    #[serde(rename = "n")]
    pub newest: i64,
    #[serde(rename = "q")]
    pub requests: Tally,
    #[serde(rename = "t")]
    pub tokens: Tally,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    #[serde(rename = "s")]
    pub sum: i64,
    #[serde(rename = "p")]
    pub parts: BTreeMap<Bucket, i64>,
}

/// What becomes of the window with one more request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WindowStep {
    /// No rate is limited.
    Skip,
    Count(WindowCount),
    /// The window is new, or cut into parts of another length: the whole is replaced, if it still is as it was known.
    Begin {
        known: Option<Window>,
        window: Window,
    },
}

/// To be counted in `part`, if the window has parts of this length and none newer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowCount {
    pub part_ms: i64,
    pub part: Bucket,
    pub requests: Option<TallyStep>,
    pub tokens: Option<TallyStep>,
}

/// Of one tally.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TallyStep {
    pub add: i64,
    /// Only if the sum is at most this; `None` for a limit that is not enforced.
    pub at_most: Option<i64>,
    /// Parts that have left and are taken out, if they still have these counts.
    pub gone: Vec<(Bucket, i64)>,
}

impl Frame {
    pub fn of_seconds(window_seconds: u32) -> Self {
        let window_ms = i64::from(window_seconds) * 1000;
        Self {
            window_ms,
            part_ms: (window_ms + PARTS - 1) / PARTS,
        }
    }

    /// The longest window that has parts of this length.
    pub(super) fn of_parts(part_ms: i64) -> Self {
        Self {
            window_ms: part_ms * PARTS,
            part_ms,
        }
    }

    /// The part that a moment lies in.
    pub(super) fn part(self, now_ms: i64) -> Bucket {
        Bucket(now_ms.div_euclid(self.part_ms))
    }

    /// When all of the part has left the window.
    pub(super) fn leaves_at(self, part: Bucket) -> i64 {
        (part.0 + 1) * self.part_ms + self.window_ms
    }
}

impl Tally {
    /// How much is in the window at `now_ms`.
    pub(super) fn counted(&self, frame: Frame, now_ms: i64) -> i64 {
        self.parts
            .iter()
            .filter(|(part, _)| frame.leaves_at(**part) > now_ms)
            .map(|(_, count)| count)
            .sum()
    }

    /// When so much has left that at most `rest` is counted.
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

    /// How to add to the tally as it is known.
    fn step(&self, add: i64, limit: Option<i64>, frame: Frame, now_ms: i64) -> TallyStep {
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

    pub(super) fn add(&mut self, part: Bucket, count: i64) {
        *self.parts.entry(part).or_default() += count;
        self.sum += count;
    }

    /// The same counts in parts of another length: each in the part that its own one ends in, but none after `last`.
    fn recut(&self, old: Frame, new: Frame, (now_ms, last): (i64, Bucket)) -> Self {
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

impl Window {
    /// The window in parts of the length of `frame`: itself where it is cut so already.
    pub(super) fn cut(&self, frame: Frame, now_ms: i64) -> Self {
        if self.part_ms == frame.part_ms {
            return self.clone();
        }
        let old = Frame::of_parts(self.part_ms);
        // Nothing was counted later than now, or than the newest part began if this clock is behind.
        let newest = frame.part(now_ms.max(self.newest * self.part_ms));
        let until = (now_ms, newest);
        let requests = self.requests.recut(old, frame, until);
        Self {
            part_ms: frame.part_ms,
            newest: newest.0,
            requests,
            tokens: self.tokens.recut(old, frame, until),
        }
    }
}

/// What one request adds to the tallies, and their limits. `None` where the policy has no such limit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rates {
    pub(super) frame: Frame,
    /// The amount, and the limit if it is enforced.
    pub(super) requests: Option<(i64, Option<i64>)>,
    pub(super) tokens: Option<(i64, Option<i64>)>,
}

impl Rates {
    /// What becomes of a window of which this is known; `None` when nothing is, which is taken for a window in use.
    pub(super) fn step(self, known: Option<Option<&Window>>, now_ms: i64) -> WindowStep {
        if self.requests.is_none() && self.tokens.is_none() {
            return WindowStep::Skip;
        }
        match known {
            None => WindowStep::Count(self.count(
                &Window {
                    part_ms: self.frame.part_ms,
                    ..Window::default()
                },
                now_ms,
            )),
            Some(Some(window)) if window.part_ms == self.frame.part_ms => WindowStep::Count(self.count(window, now_ms)),
            Some(other) => self.begin(other, now_ms),
        }
    }

    fn count(self, window: &Window, now_ms: i64) -> WindowCount {
        let step = |tally: &Tally, (add, limit)| tally.step(add, limit, self.frame, now_ms);
        WindowCount {
            part_ms: window.part_ms,
            part: self.frame.part(now_ms).max(Bucket(window.newest)),
            requests: self.requests.map(|rate| step(&window.requests, rate)),
            tokens: self.tokens.map(|rate| step(&window.tokens, rate)),
        }
    }

    /// A count that the database refuses, where there is no room in the window as it is known.
    fn begin(self, known: Option<&Window>, now_ms: i64) -> WindowStep {
        let mut window = known.map_or_else(
            || Window {
                part_ms: self.frame.part_ms,
                ..Window::default()
            },
            |known| known.cut(self.frame, now_ms),
        );
        let count = self.count(&window, now_ms);
        let has_room = |step: &Option<TallyStep>, tally: &Tally| {
            step.as_ref()
                .and_then(|step| step.at_most)
                .is_none_or(|at_most| tally.sum <= at_most)
        };
        if !has_room(&count.requests, &window.requests) || !has_room(&count.tokens, &window.tokens) {
            return WindowStep::Count(count);
        }
        window.newest = count.part.0;
        window
            .requests
            .add(count.part, count.requests.map_or(0, |step| step.add));
        window.tokens.add(count.part, count.tokens.map_or(0, |step| step.add));
        WindowStep::Begin {
            known: known.cloned(),
            window,
        }
    }
}

impl Bucket {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

    /// The part's name in the table.
    pub fn name(self) -> String {
        let mut rest = self.0.unsigned_abs();
        let mut digits = Vec::with_capacity(8);
        loop {
            digits.push(char::from(Self::DIGITS[usize::try_from(rest % 36).unwrap_or_default()]));
            rest /= 36;
            if rest == 0 {
                return digits.iter().rev().collect();
            }
        }
    }

    fn parse(name: &str) -> Option<Self> {
        i64::from_str_radix(name, 36).ok().map(Self)
    }
}

impl Serialize for Bucket {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name())
    }
}

impl<'de> Deserialize<'de> for Bucket {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&name).ok_or_else(|| de::Error::custom("not a part's number in base 36"))
    }
}
