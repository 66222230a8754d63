//! From when to when: `?from=&to=` of the usage, log and audit routes, as RFC 3339 times or as days of a time zone.
//!
//! Sums are kept by the hour of UTC: times that cut an hour are refused, never rounded (promise 28).

use std::ops::{Range, RangeInclusive};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use super::ApiError;
use domain::models::utc_hour::{UtcHour, day_begins, end_of_hour};
use domain::models::zone::Zone;

/// Days of a report when nothing is said.
const USUAL_DAYS: i32 = 30;
/// The time by which a client's clock may be behind for its `to` to be the present.
const PRESENT: SignedDuration = SignedDuration::from_secs(60);

/// What a query says of the time. A day counts whole, as the last one too.
#[derive(Clone, Copy, Debug)]
pub struct Period<'a> {
    pub from: Option<&'a str>,
    pub to: Option<&'a str>,
    /// The time zone of the days.
    pub zone: &'a Zone,
}

/// A time as a text of the query names it.
#[derive(Clone, Copy, Debug)]
enum Said {
    Day(Date),
    Moment(Timestamp),
}

impl Period<'_> {
    /// The hours of a report, at most `most` days of them; up to today and 30 days, or `most`, when nothing is said.
    pub fn hours(self, now: Timestamp, most: i32) -> Result<Range<UtcHour>, ApiError> {
        let today = || Said::Day(UtcHour::of(now).date_in(self.zone.rules()));
        let end = match read("to", self.to)?.unwrap_or_else(today) {
            Said::Day(day) => self.begin(day.tomorrow().unwrap_or(Date::MAX))?,
            // Nothing has happened since.
            Said::Moment(at) if at >= now - PRESENT => UtcHour::of(at.max(now)).plus(1),
            Said::Moment(at) => end_of_hour(at).ok_or_else(|| no_hour("to"))?,
        };
        let start = match read("from", self.from)? {
            Some(Said::Day(day)) => self.begin(day)?,
            Some(Said::Moment(at)) => UtcHour::beginning_at(at).ok_or_else(|| no_hour("from"))?,
            None => {
                let last = end.plus(-1).date_in(self.zone.rules());
                self.begin(last.checked_sub((USUAL_DAYS.min(most) - 1).days()).unwrap_or(Date::MIN))?
            }
        };
        check_order(start, end.plus(-1))?;
        check_days(&(start..end), most)?;
        Ok(start..end)
    }

    /// The time of a log: all that there is up to `now` when nothing is said.
    pub fn time(self, now: Timestamp) -> Result<RangeInclusive<Timestamp>, ApiError> {
        let last = match read("to", self.to)? {
            Some(Said::Day(day)) => self.midnight(day.tomorrow().unwrap_or(Date::MAX)) - SignedDuration::from_nanos(1),
            Some(Said::Moment(at)) => at,
            None => now,
        };
        let first = match read("from", self.from)? {
            Some(Said::Day(day)) => self.midnight(day),
            Some(Said::Moment(at)) => at,
            None => Timestamp::UNIX_EPOCH,
        };
        check_order(first, last)?;
        Ok(first..=last)
    }

    fn midnight(self, day: Date) -> Timestamp {
        let begin = self.zone.rules().to_zoned(day.at(0, 0, 0, 0));
        begin.map_or(Timestamp::MAX, |begin| begin.timestamp())
    }

    fn begin(self, day: Date) -> Result<UtcHour, ApiError> {
        day_begins(day, self.zone.rules()).ok_or_else(|| no_days(self.zone))
    }
}

/// Refuses more days than `most`; one of them may have 25 hours.
fn check_days(hours: &Range<UtcHour>, most: i32) -> Result<(), ApiError> {
    if UtcHour::count(hours) > i64::from(most) * 24 + 1 {
        return Err(ApiError::invalid(
            "from",
            format!("there may be at most {most} days from `from` to `to`"),
        ));
    }
    Ok(())
}

/// Refuses days of a zone some of which, within `hours`, do not begin with an hour of UTC.
pub fn check_days_of(zone: &Zone, hours: &Range<UtcHour>) -> Result<(), ApiError> {
    let (first, last) = (
        hours.start.date_in(zone.rules()),
        hours.end.plus(-1).date_in(zone.rules()),
    );
    let next = |day: &Date| day.tomorrow().ok().filter(|next| *next <= last);
    let mut inner = std::iter::successors(next(&first), next);
    if inner.all(|day| day_begins(day, zone.rules()).is_some()) {
        Ok(())
    } else {
        Err(no_days(zone))
    }
}

fn no_days(zone: &Zone) -> ApiError {
    let message = format!(
        "days of {} begin within an hour of UTC, by which sums are kept: ask for hours of UTC by times such as \
         2026-01-31T09:00:00Z, and add them up",
        zone.name()
    );
    ApiError::invalid("timezone", message)
}

fn no_hour(field: &'static str) -> ApiError {
    ApiError::invalid(
        field,
        "sums are kept by the hour: must be a day, or a time at a full hour; of the end also its last second",
    )
}

fn check_order<T: Ord>(first: T, last: T) -> Result<(), ApiError> {
    if first <= last {
        Ok(())
    } else {
        Err(ApiError::invalid("from", "must not be behind `to`"))
    }
}

/// The time that a text means: one moment, or a day.
fn read(field: &'static str, text: Option<&str>) -> Result<Option<Said>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let said = if text.len() == "2026-01-31".len() {
        text.parse().ok().map(Said::Day)
    } else {
        text.parse().ok().map(Said::Moment)
    };
    let wrong = || {
        ApiError::invalid(
            field,
            "must be a day, such as 2026-01-31, or a time of RFC 3339, such as 2026-01-31T09:00:00Z",
        )
    };
    // The texts of earlier years do not sort as years do, and there was nothing.
    said.filter(|said| match said {
        Said::Day(day) => day.year() >= 1970,
        Said::Moment(at) => *at >= Timestamp::UNIX_EPOCH,
    })
    .map(Some)
    .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: &str = "2026-03-31T12:00:00Z";

    fn period<'a>(from: &'a str, to: &'a str, zone: &'a Zone) -> Period<'a> {
        let given = |text: &'a str| (!text.is_empty()).then_some(text);
        Period {
            from: given(from),
            to: given(to),
            zone,
        }
    }

    fn hours(from: &str, to: &str, zone: &str) -> Result<String, String> {
        hours_of(from, to, zone, 92)
    }

    fn hours_of(from: &str, to: &str, zone: &str, most: i32) -> Result<String, String> {
        let hours = period(from, to, &Zone::parse(zone).unwrap()).hours(NOON.parse().unwrap(), most);
        let shown = |hour: UtcHour| hour.begin().strftime("%m-%dT%H").to_string();
        hours
            .map(|hours| format!("{} {}", shown(hours.start), shown(hours.end)))
            .map_err(refused_field)
    }

    fn time(from: &str, to: &str, zone: &str) -> Result<String, String> {
        let time = period(from, to, &Zone::parse(zone).unwrap()).time(NOON.parse().unwrap());
        time.map(|time| format!("{} {}", time.start(), time.end()))
            .map_err(refused_field)
    }

    fn refused_field(error: ApiError) -> String {
        let body = error.body(
            super::super::Dialect::Management,
            &domain::models::RequestId::generate(),
        );
        body["error"]["field"].as_str().unwrap().to_owned()
    }

    #[test]
    fn g4_days_are_whole_and_of_the_zone() {
        for (from, to, zone, expected) in [
            ("", "", "UTC", "03-02T00 04-01T00"),
            ("2026-03-30", "", "UTC", "03-30T00 04-01T00"),
            ("", "2026-02-28", "UTC", "01-30T00 03-01T00"),
            ("2026-03-30", "2026-03-30", "Asia/Shanghai", "03-29T16 03-30T16"),
            ("", "", "Asia/Shanghai", "03-01T16 03-31T16"),
            ("2026-03-08", "2026-03-08", "America/New_York", "03-08T05 03-09T04"),
            ("2026-01-01", "2026-04-02", "UTC", "01-01T00 04-03T00"),
        ] {
            assert_eq!(hours(from, to, zone).unwrap(), expected, "{from} {to} {zone}");
        }
    }

    #[test]
    fn g4_when_nothing_is_said_a_report_has_no_more_days_than_it_may() {
        assert_eq!(hours_of("", "", "UTC", 14).unwrap(), "03-18T00 04-01T00");
        assert_eq!(hours_of("", "2026-02-28", "UTC", 14).unwrap(), "02-15T00 03-01T00");
    }

    #[test]
    fn op8_a_report_is_of_the_times_it_was_asked_for_or_refused() {
        let beijing = hours("2026-03-30T00:00:00+08:00", "2026-03-30T23:59:59+08:00", "UTC");
        assert_eq!(beijing.unwrap(), "03-29T16 03-30T16");
        assert_eq!(
            hours("2026-03-30T10:00:00Z", "2026-03-30T12:00:00Z", "Asia/Kolkata").unwrap(),
            "03-30T10 03-30T12"
        );
        for (to, end) in [
            ("2026-03-31T11:59:30.5Z", "03-31T13"),
            ("2026-03-31T14:30:00Z", "03-31T15"),
        ] {
            assert_eq!(
                hours("2026-03-30T10:00:00Z", to, "UTC").unwrap(),
                format!("03-30T10 {end}"),
                "{to}"
            );
        }
        for (from, to, zone, field) in [
            ("2026-03-30T10:00:01Z", "", "UTC", "from"),
            ("2026-03-30T10:00:00Z", "2026-03-30T11:30:00Z", "UTC", "to"),
            ("2026-03-30T10:00:00Z", "2026-03-30T10:00:00Z", "UTC", "from"),
            ("2026-03-30", "2026-03-30", "Asia/Kolkata", "timezone"),
            ("", "", "Asia/Kathmandu", "timezone"),
        ] {
            assert_eq!(hours(from, to, zone).unwrap_err(), field, "{from} {to} {zone}");
        }
    }

    #[test]
    fn g4_days_within_a_report_begin_with_an_hour_too() {
        let of = |from: &str, to: &str| UtcHour::of(from.parse().unwrap())..UtcHour::of(to.parse().unwrap());
        let kolkata = Zone::parse("Asia/Kolkata").unwrap();
        assert!(check_days_of(&kolkata, &of("2026-03-30T00:00:00Z", "2026-03-30T10:00:00Z")).is_ok());
        assert!(check_days_of(&kolkata, &of("2026-03-30T10:00:00Z", "2026-03-30T22:00:00Z")).is_err());
    }

    #[test]
    fn a_log_has_the_whole_last_day() {
        assert_eq!(
            time("", "", "UTC").unwrap(),
            "1970-01-01T00:00:00Z 2026-03-31T12:00:00Z"
        );
        assert_eq!(
            time("2026-03-30", "2026-03-30", "UTC").unwrap(),
            "2026-03-30T00:00:00Z 2026-03-30T23:59:59.999999999Z"
        );
        assert_eq!(
            time("2026-03-30", "2026-03-30", "Asia/Kolkata").unwrap(),
            "2026-03-29T18:30:00Z 2026-03-30T18:29:59.999999999Z"
        );
        assert_eq!(
            time("2026-03-30T10:00:00+02:00", "", "UTC").unwrap(),
            "2026-03-30T08:00:00Z 2026-03-31T12:00:00Z"
        );
    }

    #[test]
    fn p28_a_wrong_time_names_its_field() {
        for (from, to, field) in [
            ("yesterday", "", "from"),
            ("", "2026-02-30", "to"),
            ("2026-3-1", "", "from"),
            ("2026-03-31T12:00:00", "", "from"),
            ("2026-03-02", "2026-03-01", "from"),
        ] {
            assert_eq!(hours(from, to, "UTC").unwrap_err(), field, "{from} {to}");
            assert_eq!(time(from, to, "UTC").unwrap_err(), field, "{from} {to}");
        }
        assert_eq!(hours("2026-01-01", "2026-04-03", "UTC").unwrap_err(), "from", "93 days");
        assert_eq!(hours("-009999-01-01T00:00:00Z", "", "UTC").unwrap_err(), "from");
        assert_eq!(
            hours("-000002-01-01T00:00:00Z", "-000001-01-01T00:00:00Z", "UTC").unwrap_err(),
            "to"
        );
    }
}
