//! A rate in a sliding window, exact to one sixtieth of it (promise 41).
//!
//! Counts are kept by part of the window. A part counts until all of it has left, so room may come late, never early.
//! Beside the parts stands their sum, parts that have left included until somebody takes them out: so a process that
//! knows nothing of the parts can still let the database check "sum < limit", which errs on the late side only. One
//! that knows of parts that have left takes them out with the same update, on the condition that they still are what it
//! knows.

use serde::{Deserialize, Serialize};

use super::bucket::{Bucket, Frame, WindowBucket};
use super::moment::Moment;
use super::tally::{Tally, TallyStep};
use crate::models::limit::Unit;

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

impl Window {
    /// The window in parts of the length of `frame`, without what a clock that was wrong has counted ahead.
    pub(super) fn seen(&self, frame: Frame, now: Moment) -> Self {
        let window = self.cut(frame, now.at_ms());
        window.without_future(now).unwrap_or(window)
    }

    /// The tally of what is limited: of requests, else that of tokens.
    pub(super) fn into_tally(self, unit: Unit) -> Tally {
        match unit {
            Unit::Requests => self.requests,
            Unit::Tokens | Unit::Cost => self.tokens,
        }
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
    /// So many parts leave in one update, each with a condition of its own; of more the whole window is replaced.
    pub(super) most_gone: usize,
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
                if count.gone() > self.most_gone {
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
    /// The number of parts that it takes out.
    fn gone(&self) -> usize {
        let steps = [&self.requests, &self.tokens].into_iter().flatten();
        steps.map(|step| step.gone.len()).sum()
    }

    fn has_room(&self, window: &Window) -> bool {
        let has_room = |step: Option<&TallyStep>, tally: &Tally| {
            let at_most = step.and_then(|step| step.at_most);
            at_most.is_none_or(|at_most| tally.sum <= at_most)
        };
        has_room(self.requests.as_ref(), &window.requests) && has_room(self.tokens.as_ref(), &window.tokens)
    }
}

impl WindowStep {
    /// The place where the request is counted.
    pub(super) fn place(&self) -> Option<WindowBucket> {
        match self {
            Self::Skip => None,
            Self::Count(count) => Some(WindowBucket {
                part_ms: count.part_ms,
                part: count.part,
            }),
            Self::Begin { window, .. } => Some(WindowBucket {
                part_ms: window.part_ms,
                part: Bucket(window.newest),
            }),
        }
    }
}
