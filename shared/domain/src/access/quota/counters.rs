//! A meter's counters as they stand at one moment, limit by limit.

use jiff::Timestamp;

use super::amounts::{Amounts, amount};
use super::bucket::Frame;
use super::calendar::Span;
use super::limit::Limit;
use super::meter::Meter;
use super::moment::Moment;
use super::period::{Calendar, Period};
use super::reservation::{StoredReservation, WindowBucket};
use super::window::{Tally, Window};
use super::{cost_limit, count_limit};
use crate::models::policy::Policy;

/// A limit with the amounts that it is about, before they are shown.
pub(super) struct Count<'a> {
    pub(super) limit: Limit,
    pub(super) value: i64,
    pub(super) used: i64,
    /// The part of `used` that requests under way may give back.
    pub(super) reserved: i64,
    /// The moment at which the last of these requests is settled at the latest; `None` if nothing is reserved.
    pub(super) settled_by: Option<Timestamp>,
    pub(super) add: i64,
    pub(super) until: Until<'a>,
}

/// The end of the time for which what is counted counts.
pub(super) enum Until<'a> {
    Leaves(&'a Tally, Frame),
    Ends(Timestamp),
    Settled,
}

/// The amounts of a limit: what is used, the part of it that is reserved, what is added; and until when they count.
type Counted<'a> = (i64, i64, i64, Until<'a>);

/// Tokens and cost that requests under way hold.
#[derive(Clone, Copy, Debug, Default)]
struct Reserved {
    day: i64,
    month: Amounts,
    window: i64,
}

/// A meter as its counters stand at one moment.
pub(super) struct Counters<'a> {
    policy: &'a Policy,
    add: Amounts,
    now_ms: i64,
    frame: Frame,
    window: Window,
    day: Period,
    day_ends: Timestamp,
    month: Period,
    month_ends: Timestamp,
    /// Reservations that have not expired.
    live: i64,
    reserved: Reserved,
    /// The moment at which the last of them expires.
    settled_by: Option<Timestamp>,
}

impl<'a> Counters<'a> {
    pub(super) fn at(now: Moment, meter: &Meter, policy: &'a Policy, add: Amounts) -> Self {
        let frame = Frame::of_seconds(policy.rate_limit_window);
        let window = meter.window.as_ref().map(|window| window.seen(frame, now));
        let zone = policy.timezone.rules();
        let calendar = |span| Calendar { span, zone, now };
        let (day, day_ends) = calendar(Span::Day).current(meter.day);
        let (month, month_ends) = calendar(Span::Month).current(meter.month);
        let reservations = meter.reservations.values();
        let live: Vec<&StoredReservation> = reservations.filter(|found| !found.has_expired(now.at)).collect();
        let last = live.iter().map(|reservation| reservation.expires_at).max();
        let window = window.unwrap_or_default();
        let is_in_window = |place: WindowBucket| {
            place.part_ms == frame.part_ms
                && frame.leaves_at(place.part) > now.at_ms()
                && window.tokens.parts.contains_key(&place.part)
        };
        Self {
            policy,
            add,
            now_ms: now.at_ms(),
            frame,
            reserved: Reserved::by(&live, (day.number, month.number), is_in_window),
            window,
            day,
            day_ends,
            month,
            month_ends,
            live: amount(live.len() as u64),
            settled_by: last.and_then(|second| Timestamp::from_second(second).ok()),
        }
    }

    /// The limits that the policy has.
    pub(super) fn counts(&self) -> impl Iterator<Item = Count<'_>> {
        Limit::ALL.into_iter().filter_map(|limit| self.count(limit))
    }

    fn count(&self, of: Limit) -> Option<Count<'_>> {
        let policy = self.policy;
        let value = match of {
            Limit::RateLimit => count_limit(policy.rate_limit),
            Limit::TokenRateLimit => count_limit(policy.token_rate_limit),
            Limit::RequestQuotaDaily => count_limit(policy.request_quota_daily),
            Limit::TokenQuotaDaily => count_limit(policy.token_quota_daily),
            Limit::TokenQuotaMonthly => count_limit(policy.token_quota_monthly),
            Limit::CostQuotaMonthly => cost_limit(policy),
            Limit::MaxConcurrency => count_limit(policy.max_concurrency),
        }?;
        let (used, reserved, add, until) = self.counted(of);
        Some(Count {
            limit: of,
            value,
            used,
            reserved,
            settled_by: self.settled_by.filter(|_| reserved > 0),
            add,
            until,
        })
    }

    fn counted(&self, of: Limit) -> Counted<'_> {
        let Self {
            add,
            reserved,
            day,
            month,
            ..
        } = self;
        let day_ends = Until::Ends(self.day_ends);
        let month_ends = Until::Ends(self.month_ends);
        match of {
            Limit::RateLimit => self.rate(&self.window.requests, 0, add.requests),
            Limit::TokenRateLimit => self.rate(&self.window.tokens, reserved.window, add.tokens),
            Limit::RequestQuotaDaily => (day.requests, 0, add.requests, day_ends),
            Limit::TokenQuotaDaily => (day.tokens, reserved.day, add.tokens, day_ends),
            Limit::TokenQuotaMonthly => (month.tokens, reserved.month.tokens, add.tokens, month_ends),
            Limit::CostQuotaMonthly => (month.cost, reserved.month.cost, add.cost, month_ends),
            Limit::MaxConcurrency => (self.live, 0, add.requests, Until::Settled),
        }
    }

    fn rate<'w>(&self, tally: &'w Tally, reserved: i64, add: i64) -> Counted<'w> {
        let used = tally.counted(self.frame, self.now_ms);
        (used, reserved, add, Until::Leaves(tally, self.frame))
    }
}

impl Reserved {
    /// The amounts of the `live` reservations in the periods of these numbers and in the window.
    fn by(live: &[&StoredReservation], (day, month): (i32, i32), is_in_window: impl Fn(WindowBucket) -> bool) -> Self {
        let mut reserved = Self::default();
        for reservation in live {
            let amounts = reservation.amounts();
            if reservation.day == day {
                reserved.day += amounts.tokens;
            }
            if reservation.month == month {
                reserved.month.tokens += amounts.tokens;
                reserved.month.cost += amounts.cost;
            }
            if reservation.place.is_some_and(&is_in_window) {
                reserved.window += amounts.tokens;
            }
        }
        reserved
    }
}

impl Until<'_> {
    /// The moment from which on at most `rest` is counted.
    pub(super) fn falls_to(&self, rest: i64, now: Timestamp) -> Timestamp {
        match self {
            Self::Leaves(tally, frame) => {
                Timestamp::from_millisecond(tally.falls_to(rest, *frame, now.as_millisecond()))
                    .unwrap_or(Timestamp::MAX)
            }
            Self::Ends(at) => *at,
            Self::Settled => now,
        }
    }
}
