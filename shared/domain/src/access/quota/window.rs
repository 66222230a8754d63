//! A rate in a sliding window, exact to one sixtieth of it (promise 41).
//!
//! Counts are kept by part of the window. A part counts until all of it has left, so room may come late, never early.
//! Beside the parts stands their sum, parts that have left included until somebody takes them out: so a process that
//! knows nothing of the parts can still let the database check "sum < limit", which errs on the late side only. One
//! that knows of parts that have left takes them out with the same update, on the condition that they still are what it
//! knows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::bucket::{Bucket, Frame};
use super::moment::Moment;

/// So many parts may have left and still be kept: they cost bytes, taking them out costs a condition that may fail.
const SPARE_PARTS: usize = 12;
/// So many parts are taken out one by one at most, of both tallies together: each is two of the 300 operators that a
/// condition may have. Beyond that the whole window is replaced, which is one.
const TAKEN_OUT_AT_ONCE: usize = 40;

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

/// The counts of one kind, by part, and their sum.
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
    /// How much is in the window at `now_ms`.
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

    /// The counts of the parts up to `last`.
    fn until(&self, last: Bucket) -> Self {
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
    /// The window in parts of the length of `frame`, without what a clock that was wrong has counted ahead.
    pub(super) fn seen(&self, frame: Frame, now: Moment) -> Self {
        let window = self.cut(frame, now.at_ms());
        window.without_future(now).unwrap_or(window)
    }

    /// The window without the parts that begin later than clocks may differ; `None` if there are none.
    fn without_future(&self, now: Moment) -> Option<Self> {
        let frame = Frame::of_parts(self.part_ms);
        let last = frame.part(now.latest_ms());
        (Bucket(self.newest) > last).then(|| Self {
            part_ms: self.part_ms,
            newest: frame.part(now.at_ms()).0,
            requests: self.requests.until(last),
            tokens: self.tokens.until(last),
        })
    }

    /// The window without the parts that have left.
    fn without_left(&self, now_ms: i64) -> Self {
        let frame = Frame::of_parts(self.part_ms);
        let all = (now_ms, Bucket(self.newest));
        Self {
            part_ms: self.part_ms,
            newest: self.newest,
            requests: self.requests.recut(frame, frame, all),
            tokens: self.tokens.recut(frame, frame, all),
        }
    }

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
    pub(super) fn step(self, known: Option<Option<&Window>>, now: Moment) -> WindowStep {
        if self.requests.is_none() && self.tokens.is_none() {
            return WindowStep::Skip;
        }
        match known {
            None => WindowStep::Count(self.count(
                &Window {
                    part_ms: self.frame.part_ms,
                    ..Window::default()
                },
                now.at_ms(),
            )),
            Some(Some(window)) if window.part_ms == self.frame.part_ms => {
                let count = self.count(window, now.at_ms());
                if count.taken_out() > TAKEN_OUT_AT_ONCE {
                    return self.begin(Some(window), window.without_left(now.at_ms()), now.at_ms());
                }
                match window.without_future(now) {
                    Some(present) if !count.has_room(window) => self.begin(Some(window), present, now.at_ms()),
                    Some(_) | None => WindowStep::Count(count),
                }
            }
            Some(other) => {
                let frame = self.frame;
                let blank = Window {
                    part_ms: frame.part_ms,
                    ..Window::default()
                };
                self.begin(other, other.map_or(blank, |known| known.seen(frame, now)), now.at_ms())
            }
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

    /// `window` in the place of the known one, with the request in it. A count that the database refuses, where there
    /// is no room in it.
    fn begin(self, known: Option<&Window>, mut window: Window, now_ms: i64) -> WindowStep {
        let count = self.count(&window, now_ms);
        if !count.has_room(&window) {
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

impl WindowCount {
    fn taken_out(&self) -> usize {
        let of = |step: &Option<TallyStep>| step.as_ref().map_or(0, |step| step.gone.len());
        of(&self.requests) + of(&self.tokens)
    }

    fn has_room(&self, window: &Window) -> bool {
        let has_room = |step: Option<&TallyStep>, tally: &Tally| {
            let at_most = step.and_then(|step| step.at_most);
            at_most.is_none_or(|at_most| tally.sum <= at_most)
        };
        has_room(self.requests.as_ref(), &window.requests) && has_room(self.tokens.as_ref(), &window.tokens)
    }
}
