//! Hours of UTC: the pieces of time that sums are kept in.

use std::ops::Range;

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

const SECONDS: i64 = 3600;

/// An hour, by its number since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UtcHour(i64);

impl UtcHour {
    /// The hour that `at` lies in.
    pub fn of(at: Timestamp) -> Self {
        Self(at.as_second().div_euclid(SECONDS))
    }

    /// The hour that begins at `at`; `None` if none does.
    pub fn beginning_at(at: Timestamp) -> Option<Self> {
        let hour = Self::of(at);
        (hour.begin() == at).then_some(hour)
    }

    /// An hour, 0 to 23, of a day of UTC.
    pub fn of_day(day: Date, hour: u8) -> Self {
        let midnight = Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).unwrap_or(Timestamp::MAX);
        Self(Self::of(midnight).0 + i64::from(hour))
    }

    pub fn begin(self) -> Timestamp {
        Timestamp::from_second(self.0.saturating_mul(SECONDS)).unwrap_or(Timestamp::MAX)
    }

    /// Its day in a time zone, in which it may begin at any minute: that of its first moment.
    pub fn date_in(self, zone: &TimeZone) -> Date {
        zone.to_datetime(self.begin()).date()
    }

    /// So many hours later.
    #[must_use]
    pub fn plus(self, hours: i64) -> Self {
        Self(self.0.saturating_add(hours))
    }

    /// How many hours there are in `range`.
    pub fn count(range: &Range<Self>) -> i64 {
        range.end.0.saturating_sub(range.start.0).max(0)
    }
}

/// The first hour of `day` in `zone`; `None` where days begin in the middle of an hour of UTC.
pub fn day_begins(day: Date, zone: &TimeZone) -> Option<UtcHour> {
    UtcHour::beginning_at(zone.to_zoned(day.at(0, 0, 0, 0)).ok()?.timestamp())
}

/// `at` as the end of a time, which is told by its last second or by the first moment behind it.
pub fn end_of_hour(at: Timestamp) -> Option<UtcHour> {
    let behind = at.checked_add(SignedDuration::from_secs(1)).ok()?;
    UtcHour::beginning_at(at).or_else(|| {
        let hour = UtcHour::of(behind);
        (hour > UtcHour::of(at)).then_some(hour)
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::models::zone::Zone;

    #[test]
    fn g4_days_of_a_zone_begin_with_an_hour_or_not_at_all() {
        for (zone, day, begin) in [
            ("Asia/Shanghai", date(2026, 3, 2), Some("2026-03-01T16:00:00Z")),
            ("America/New_York", date(2026, 3, 8), Some("2026-03-08T05:00:00Z")),
            ("America/New_York", date(2026, 3, 9), Some("2026-03-09T04:00:00Z")),
            ("Asia/Kolkata", date(2026, 3, 2), None),
            ("Asia/Kathmandu", date(2026, 3, 2), None),
        ] {
            let zone = Zone::parse(zone).unwrap();
            let hour = day_begins(day, zone.rules());
            assert_eq!(
                hour.map(|hour| hour.begin().to_string()).as_deref(),
                begin,
                "{}",
                zone.name()
            );
            if let Some(hour) = hour {
                assert_eq!(
                    (hour.date_in(zone.rules()), hour.plus(-1).date_in(zone.rules())),
                    (day, day.yesterday().unwrap())
                );
            }
        }
    }

    #[test]
    fn op8_the_last_second_of_an_hour_ends_it_as_the_next_one_s_first_moment_does() {
        let end = |at: &str| end_of_hour(at.parse().unwrap()).map(|hour| hour.begin().to_string());
        for at in [
            "2026-03-02T15:59:59Z",
            "2026-03-02T15:59:59.999Z",
            "2026-03-02T16:00:00Z",
        ] {
            assert_eq!(end(at).as_deref(), Some("2026-03-02T16:00:00Z"), "{at}");
        }
        for at in ["2026-03-02T15:59:58Z", "2026-03-02T16:00:00.5Z"] {
            assert_eq!(end(at), None, "{at}");
        }
    }
}
