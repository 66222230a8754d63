//! Days, weeks and months in a policy's time zone, as numbers that people can read in the table: 20261123, 202648 and
//! 202611.

use jiff::civil::{Date, ISOWeekDate, Weekday, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// A kind of period, with which counters begin anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Span {
    Day,
    /// From Monday on.
    Week,
    Month,
    /// All time, of which there is one.
    Total,
}

/// The number of all time: as good as any above that of a counter which has not begun.
pub const ALL_TIME: i32 = 1;

impl Span {
    /// The number of the period that `now` lies in.
    pub(super) fn number(self, now: Timestamp, zone: &TimeZone) -> i32 {
        match self {
            Self::Day => day(now, zone),
            Self::Week => week(now, zone),
            Self::Month => month(now, zone),
            Self::Total => ALL_TIME,
        }
    }

    /// The moment at which the period of this number begins.
    pub(super) fn begins(self, number: i32, zone: &TimeZone) -> Timestamp {
        match self {
            Self::Day => begins(date_of(number), zone),
            Self::Week => begins(monday_of(number), zone),
            Self::Month => begins(first_of(number), zone),
            Self::Total => Timestamp::UNIX_EPOCH,
        }
    }

    /// The moment at which the period of this number is over.
    pub(super) fn ends(self, number: i32, zone: &TimeZone) -> Timestamp {
        match self {
            Self::Day => day_ends(number, zone),
            Self::Week => begins(monday_of(number).checked_add(1.week()).unwrap_or(Date::MAX), zone),
            Self::Month => month_ends(number, zone),
            Self::Total => Timestamp::MAX,
        }
    }
}

/// The number of the day that `now` lies in.
pub(super) fn day(now: Timestamp, zone: &TimeZone) -> i32 {
    let today = zone.to_datetime(now).date();
    month_of(today) * 100 + i32::from(today.day())
}

/// The number of the month.
pub(super) fn month(now: Timestamp, zone: &TimeZone) -> i32 {
    month_of(zone.to_datetime(now).date())
}

/// The number of the week, as ISO 8601 counts them: 202648.
fn week(now: Timestamp, zone: &TimeZone) -> i32 {
    let week = zone.to_datetime(now).date().iso_week_date();
    i32::from(week.year()) * 100 + i32::from(week.week())
}

/// The day on which the week of this number begins; the last day that there is for what is no week.
fn monday_of(week: i32) -> Date {
    let parts = (i16::try_from(week / 100), i8::try_from(week % 100));
    let (Ok(year), Ok(week)) = parts else {
        return Date::MAX;
    };
    ISOWeekDate::new(year, week, Weekday::Monday).map_or(Date::MAX, ISOWeekDate::date)
}

fn month_of(date: Date) -> i32 {
    i32::from(date.year()) * 100 + i32::from(date.month())
}

/// When the day of this number is over.
pub fn day_ends(number: i32, zone: &TimeZone) -> Timestamp {
    begins(date_of(number).checked_add(1.day()).unwrap_or(Date::MAX), zone)
}

/// When the month of this number is over.
pub fn month_ends(number: i32, zone: &TimeZone) -> Timestamp {
    begins(first_of(number).checked_add(1.month()).unwrap_or(Date::MAX), zone)
}

fn date_of(day: i32) -> Date {
    let date = first_of(day / 100).checked_add((day % 100 - 1).days());
    date.unwrap_or(Date::MAX)
}

/// The first day of the month; the year 1 for what is no month.
fn first_of(month: i32) -> Date {
    let parts = (i16::try_from(month / 100), i8::try_from(month % 100));
    let (Ok(year), Ok(month)) = parts else {
        return date(1, 1, 1);
    };
    Date::new(year, month, 1).unwrap_or(date(1, 1, 1))
}

/// The first moment of `date`: where clocks are put forward at midnight, there is no 0:00.
fn begins(date: Date, zone: &TimeZone) -> Timestamp {
    date.to_zoned(zone.clone())
        .map_or(Timestamp::MAX, |midnight| midnight.timestamp())
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn p47_days_and_months_are_those_of_the_zone() {
        let shanghai = TimeZone::get("Asia/Shanghai").unwrap();
        assert_eq!(day(at("2026-11-30T15:59:59Z"), &shanghai), 20_261_130);
        assert_eq!(day(at("2026-11-30T16:00:00Z"), &shanghai), 20_261_201);
        assert_eq!(month(at("2026-11-30T16:00:00Z"), &shanghai), 202_612);
        assert_eq!(day_ends(20_261_130, &shanghai), at("2026-11-30T16:00:00Z"));
        assert_eq!(month_ends(202_612, &shanghai), at("2026-12-31T16:00:00Z"));
    }

    #[test]
    fn p47_days_on_which_clocks_change_are_as_long_as_they_are() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        for (number, begins, ends) in [
            (20_260_329, "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),
            (20_261_025, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
        ] {
            assert_eq!(
                (day_ends(number - 1, &berlin), day_ends(number, &berlin)),
                (at(begins), at(ends))
            );
            assert_eq!(day(at(begins), &berlin), number);
        }
    }

    #[test]
    fn p88_weeks_are_those_of_iso_8601_in_the_zone() {
        let shanghai = TimeZone::get("Asia/Shanghai").unwrap();
        let number = |time: &str| Span::Week.number(at(time), &shanghai);
        assert_eq!(number("2026-11-29T15:59:59Z"), 202_648);
        assert_eq!(number("2026-11-29T16:00:00Z"), 202_649);
        assert_eq!(number("2027-01-03T00:00:00Z"), 202_653, "a week of the year before");
        assert_eq!(Span::Week.begins(202_649, &shanghai), at("2026-11-29T16:00:00Z"));
        assert_eq!(Span::Week.ends(202_653, &shanghai), at("2027-01-03T16:00:00Z"));
        assert!(Span::Week.ends(0, &shanghai) > at("9999-12-30T00:00:00Z"), "no week");
    }

    /// A moment in the years 2020 to 2029; every other one lies within two days of a change of the clocks.
    fn moment(zone: &TimeZone, seed: i64) -> Timestamp {
        let some = at("2020-01-01T00:00:00Z") + SignedDuration::from_secs(seed.rem_euclid(10 * 365 * 86_400));
        let change = zone.following(some).next().filter(|_| seed % 2 == 0);
        change.map_or(some, |change| {
            change.timestamp() + SignedDuration::from_secs(seed % (2 * 86_400))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1024))]

        #[test]
        fn p47_a_period_lasts_until_its_end_and_then_the_next_one_begins(
            zone in proptest::sample::select(&[
                "UTC", "Asia/Shanghai", "Asia/Kathmandu", "Europe/Berlin", "America/New_York", "America/St_Johns",
                "Australia/Lord_Howe", "Pacific/Chatham", "Africa/Cairo", "Africa/Casablanca", "America/Havana", "Asia/Beirut",
            ][..]),
            seed in any::<i64>(),
        ) {
            let zone = TimeZone::get(zone).unwrap();
            let now = moment(&zone, seed);
            let second = SignedDuration::from_secs(1);
            let (today, tomorrow) = (day(now, &zone), day_ends(day(now, &zone), &zone));
            prop_assert!(now < tomorrow && tomorrow <= now + SignedDuration::from_hours(25));
            prop_assert_eq!(day(tomorrow - second, &zone), today);
            prop_assert!(day(tomorrow, &zone) > today);
            let (this_month, next_month) = (month(now, &zone), month_ends(month(now, &zone), &zone));
            prop_assert!(tomorrow <= next_month);
            prop_assert_eq!(month(next_month - second, &zone), this_month);
            prop_assert!(month(next_month, &zone) > this_month);
            prop_assert_eq!(today / 100, this_month);
        }
    }
}
