//! The hours in which a policy can be used, by the clock on the wall of its time zone (promise 47).
//!
//! The wall decides alone: a time that the clocks skip on some day does not come on that day, and one that they show
//! twice comes twice.

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::models::hours::{TimeOfDay, TimeRange};
use crate::models::policy::Policy;

/// Within so many days every time of each day of the week comes once at least, whatever is done to the clocks: one that
/// is skipped this week comes in the next.
const DAYS_AHEAD: i8 = 15;

/// When the policy can be used again; `None` when it can be used at `now`.
pub fn closed_until(policy: &Policy, now: Timestamp) -> Option<Timestamp> {
    let (ranges, zone) = (policy.available_time_ranges.as_slice(), policy.timezone.rules());
    if ranges.is_empty() || is_open(ranges, zone, now) {
        return None;
    }
    let today = zone.to_datetime(now).date();
    let openings = ranges
        .iter()
        .flat_map(|range| starts(*range, zone, today))
        .chain(jumps(zone, now));
    let next = openings
        .filter(|opening| *opening > now && is_open(ranges, zone, *opening))
        .min();
    Some(next.unwrap_or(Timestamp::MAX))
}

fn is_open(ranges: &[TimeRange], zone: &TimeZone, at: Timestamp) -> bool {
    let clock = zone.to_datetime(at);
    ranges.iter().any(|range| range.contains(clock))
}

/// When the range begins today and on the following days: twice, where the clocks show that time twice.
fn starts(range: TimeRange, zone: &TimeZone, today: Date) -> impl Iterator<Item = Timestamp> {
    let dates = (0..=DAYS_AHEAD).filter_map(move |days| today.checked_add(days.days()).ok());
    let times = dates.filter_map(move |date| Some(date.to_datetime(range.start.on_the_clock()?)));
    times.flat_map(|time| moments(zone, time))
}

/// The moments at which the clocks of the zone show `time`.
fn moments(zone: &TimeZone, time: DateTime) -> impl Iterator<Item = Timestamp> + use<> {
    let offsets = match zone.to_ambiguous_timestamp(time).offset() {
        AmbiguousOffset::Unambiguous { offset } => [Some(offset), None],
        AmbiguousOffset::Gap { .. } => [None, None],
        AmbiguousOffset::Fold { before, after } => [Some(before), Some(after)],
    };
    offsets
        .into_iter()
        .flatten()
        .filter_map(move |offset| offset.to_timestamp(time).ok())
}

/// When the clocks are set during these days, which may be into a range.
fn jumps(zone: &TimeZone, now: Timestamp) -> impl Iterator<Item = Timestamp> {
    let horizon = now + SignedDuration::from_hours(24 * i64::from(DAYS_AHEAD));
    zone.following(now)
        .map(|jump| jump.timestamp())
        .take_while(move |at| *at <= horizon)
}

impl TimeRange {
    /// True while the clock on the wall shows a time of the range. What is behind midnight belongs to the day before.
    fn contains(self, clock: DateTime) -> bool {
        let time = TimeOfDay::at(clock.time());
        let (begun, over) = (self.start <= time, self.end <= time);
        let (today, yesterday) = (clock.weekday(), clock.weekday().previous());
        if self.start < self.end {
            begun && !over && self.days.contains(today)
        } else {
            begun && self.days.contains(today) || !over && self.days.contains(yesterday)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::models::PolicyName;
    use crate::models::hours::{Day, Days};
    use crate::models::zone::Zone;

    const ZONES: [&str; 12] = [
        "UTC",
        "Asia/Shanghai",
        "Asia/Kathmandu",
        "Europe/Berlin",
        "America/New_York",
        "America/St_Johns",
        "Australia/Lord_Howe",
        "Pacific/Chatham",
        "Africa/Cairo",
        "Africa/Casablanca",
        "America/Santiago",
        "Asia/Beirut",
    ];

    fn policy(zone: &str, ranges: &[(&str, &str)]) -> Policy {
        let mut policy = Policy::unlimited(PolicyName::default());
        policy.timezone = Zone::parse(zone).unwrap();
        let time = |text| TimeOfDay::parse(text).unwrap();
        policy.available_time_ranges = ranges
            .iter()
            .map(|(start, end)| TimeRange {
                start: time(start),
                end: time(end),
                days: Days::default(),
            })
            .collect();
        policy
    }

    /// The same, each range on its days.
    fn policy_of_days(zone: &str, ranges: &[(&str, &str, &[Day])]) -> Policy {
        let times: Vec<_> = ranges.iter().map(|(start, end, _)| (*start, *end)).collect();
        let mut policy = policy(zone, &times);
        for (range, (_, _, days)) in policy.available_time_ranges.iter_mut().zip(ranges) {
            range.days = days.to_vec().into();
        }
        policy
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// `now` → when the ranges open again, or `""` while they are open.
    fn check(zone: &str, ranges: &[(&str, &str)], cases: &[(&str, &str)]) {
        check_policy(&policy(zone, ranges), cases);
    }

    fn check_policy(policy: &Policy, cases: &[(&str, &str)]) {
        for (now, expected) in cases {
            let found = closed_until(policy, at(now))
                .map(|at| at.to_string())
                .unwrap_or_default();
            let (zone, ranges) = (policy.timezone.name(), &policy.available_time_ranges);
            assert_eq!(&found, expected, "{zone} {ranges:?} at {now}");
        }
    }

    #[test]
    fn g20_a_range_is_open_on_its_days_by_the_clock_of_the_zone() {
        const WORKDAYS: &[Day] = &[Day::Mon, Day::Tue, Day::Wed, Day::Thu, Day::Fri];
        // 2026-11-27 is a Friday; in Shanghai it is eight hours later.
        check_policy(
            &policy_of_days("Asia/Shanghai", &[("09:00", "18:00", WORKDAYS)]),
            &[
                ("2026-11-27T01:00:00Z", ""),
                ("2026-11-27T10:00:00Z", "2026-11-30T01:00:00Z"),
                ("2026-11-29T20:00:00Z", "2026-11-30T01:00:00Z"),
            ],
        );
        // Of two ranges each has its own days.
        let two: &[(&str, &str, &[Day])] = &[("09:00", "18:00", WORKDAYS), ("10:00", "12:00", &[Day::Sat])];
        check_policy(
            &policy_of_days("UTC", two),
            &[
                ("2026-11-27T18:00:00Z", "2026-11-28T10:00:00Z"),
                ("2026-11-28T12:00:00Z", "2026-11-30T09:00:00Z"),
            ],
        );
    }

    #[test]
    fn g20_a_range_over_midnight_belongs_to_the_day_it_begins_on() {
        check_policy(
            &policy_of_days("UTC", &[("22:00", "06:00", &[Day::Fri])]),
            &[
                ("2026-11-27T05:00:00Z", "2026-11-27T22:00:00Z"),
                ("2026-11-27T23:00:00Z", ""),
                ("2026-11-28T05:59:59Z", ""),
                ("2026-11-28T06:00:00Z", "2026-12-04T22:00:00Z"),
                ("2026-11-28T22:30:00Z", "2026-12-04T22:00:00Z"),
            ],
        );
    }

    #[test]
    fn g20_a_time_that_the_clocks_skip_comes_a_week_later() {
        // In Berlin 02:00 to 03:00 is missing on Sunday 2026-03-29, and comes twice on Sunday 2026-10-25.
        check_policy(
            &policy_of_days("Europe/Berlin", &[("02:15", "02:45", &[Day::Sun])]),
            &[
                ("2026-03-22T02:00:00Z", "2026-04-05T00:15:00Z"),
                ("2026-10-25T00:45:00Z", "2026-10-25T01:15:00Z"),
                ("2026-10-25T01:45:00Z", "2026-11-01T01:15:00Z"),
            ],
        );
        // In Beirut Sunday 2026-03-29 has no first hour.
        check_policy(
            &policy_of_days("Asia/Beirut", &[("00:00", "08:00", &[Day::Sun])]),
            &[("2026-03-28T21:30:00Z", "2026-03-28T22:00:00Z")],
        );
    }

    #[test]
    fn no_range_is_always() {
        check("Asia/Shanghai", &[], &[("2026-11-23T00:00:00Z", "")]);
        check(
            "Asia/Shanghai",
            &[("00:00", "24:00")],
            &[("2026-11-23T15:59:59Z", ""), ("2026-11-23T16:00:00Z", "")],
        );
    }

    #[test]
    fn p47_a_range_begins_with_its_start_and_ends_before_its_end() {
        check(
            "Asia/Shanghai",
            &[("09:00", "18:00")],
            &[
                ("2026-11-23T00:59:59Z", "2026-11-23T01:00:00Z"),
                ("2026-11-23T01:00:00Z", ""),
                ("2026-11-23T09:59:59.999Z", ""),
                ("2026-11-23T10:00:00Z", "2026-11-24T01:00:00Z"),
            ],
        );
    }

    #[test]
    fn p47_a_range_may_cross_midnight_or_end_with_the_day() {
        let night = [("22:00", "06:00")];
        check(
            "UTC",
            &night,
            &[
                ("2026-11-23T05:59:00Z", ""),
                ("2026-11-23T06:00:00Z", "2026-11-23T22:00:00Z"),
                ("2026-11-23T23:00:00Z", ""),
            ],
        );
        let evening = [("22:00", "24:00")];
        check(
            "UTC",
            &evening,
            &[
                ("2026-11-23T23:59:59Z", ""),
                ("2026-11-24T00:00:00Z", "2026-11-24T22:00:00Z"),
            ],
        );
        let two = [("08:00", "12:00"), ("13:00", "17:00")];
        check(
            "UTC",
            &two,
            &[
                ("2026-11-23T12:30:00Z", "2026-11-23T13:00:00Z"),
                ("2026-11-23T17:00:00Z", "2026-11-24T08:00:00Z"),
            ],
        );
    }

    #[test]
    fn p47_what_the_clocks_skip_does_not_come_that_day() {
        // In Berlin 02:00 to 03:00 is missing on 2026-03-29.
        check(
            "Europe/Berlin",
            &[("02:15", "02:45")],
            &[("2026-03-29T00:00:00Z", "2026-03-30T00:15:00Z")],
        );
        check(
            "Europe/Berlin",
            &[("02:30", "04:00")],
            &[("2026-03-29T00:59:00Z", "2026-03-29T01:00:00Z")],
        );
        // And in Beirut the first hour of the day.
        check(
            "Asia/Beirut",
            &[("00:00", "08:00")],
            &[("2026-03-28T21:30:00Z", "2026-03-28T22:00:00Z")],
        );
    }

    #[test]
    fn p47_what_the_clocks_show_twice_comes_twice() {
        // In Berlin 02:00 to 03:00 comes twice on 2026-10-25.
        check(
            "Europe/Berlin",
            &[("02:15", "02:45")],
            &[
                ("2026-10-25T00:00:00Z", "2026-10-25T00:15:00Z"),
                ("2026-10-25T00:45:00Z", "2026-10-25T01:15:00Z"),
                ("2026-10-25T01:45:00Z", "2026-10-26T01:15:00Z"),
            ],
        );
        check(
            "Europe/Berlin",
            &[("01:30", "02:30")],
            &[("2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z")],
        );
        // In Lord Howe it is half an hour.
        check(
            "Australia/Lord_Howe",
            &[("01:30", "01:40")],
            &[("2026-04-04T14:45:00Z", "2026-04-04T15:00:00Z")],
        );
    }

    #[test]
    fn p47_a_day_that_is_left_out_altogether() {
        // Samoa went from 2011-12-29 to 2011-12-31.
        check(
            "Pacific/Apia",
            &[("12:00", "13:00")],
            &[("2011-12-30T00:00:00Z", "2011-12-30T22:00:00Z")],
        );
    }

    /// A moment in these years; every other one lies within two days of a change of the clocks.
    fn moment(zone: &str, seed: i64) -> Timestamp {
        let zone = Zone::parse(zone).unwrap();
        let some = at("2020-01-01T00:00:00Z") + SignedDuration::from_secs(seed.rem_euclid(10 * 366 * 86_400));
        let jump = zone.rules().following(some).next().filter(|_| seed % 2 == 0);
        jump.map_or(some, |jump| {
            jump.timestamp() + SignedDuration::from_secs(seed % (2 * 86_400))
        })
    }

    /// True to its name for any policy: open now, or closed in each minute before the moment that is told.
    fn opens_in_the_first_minute(policy: &Policy, now: Timestamp) -> Result<(), TestCaseError> {
        let is_open = |at| is_open(&policy.available_time_ranges, policy.timezone.rules(), at);
        let Some(opens) = closed_until(policy, now) else {
            prop_assert!(is_open(now));
            return Ok(());
        };
        prop_assert!(opens > now && is_open(opens), "{} is open", opens);
        // All clocks of these years go in step with the minutes of UTC.
        let begun = Timestamp::from_second(now.as_second() / 60 * 60).unwrap();
        let minutes = (0..).map(|minute| begun + SignedDuration::from_mins(minute));
        let mut before = minutes.take_while(|minute| *minute < opens);
        prop_assert!(before.all(|minute| !is_open(minute)), "not before {}", opens);
        Ok(())
    }

    /// Ranges of these minutes of the day; those without length are left out.
    fn written(ranges: &[(u32, u32)]) -> Vec<(String, String)> {
        let written = |minutes: u32| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let long = ranges.iter().filter(|(start, end)| start != end);
        long.map(|(start, end)| (written(*start), written(*end))).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn p47_the_next_opening_is_the_first_minute_in_a_range(
            zone in proptest::sample::select(&ZONES[..]),
            seed in any::<i64>(),
            ranges in proptest::collection::vec((0..1440_u32, 0..=1440_u32), 1..4),
        ) {
            let written = written(&ranges);
            prop_assume!(!written.is_empty());
            let ranges: Vec<_> = written.iter().map(|(start, end)| (start.as_str(), end.as_str())).collect();
            opens_in_the_first_minute(&policy(zone, &ranges), moment(zone, seed))?;
        }
    }

    proptest! {
        // Weeks of minutes are looked at in each.
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn g20_the_next_opening_is_the_first_minute_in_a_range_on_its_days(
            zone in proptest::sample::select(&ZONES[..]),
            seed in any::<i64>(),
            ranges in proptest::collection::vec((0..1440_u32, 0..=1440_u32), 1..3),
            days in proptest::collection::vec(proptest::sample::select(&Day::ALL[..]), 1..3),
        ) {
            let written = written(&ranges);
            prop_assume!(!written.is_empty());
            let ranges: Vec<_> = written
                .iter()
                .map(|(start, end)| (start.as_str(), end.as_str(), days.as_slice()))
                .collect();
            opens_in_the_first_minute(&policy_of_days(zone, &ranges), moment(zone, seed))?;
        }
    }
}
