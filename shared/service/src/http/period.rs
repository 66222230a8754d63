//! From when to when: `?from=&to=` of the usage and log routes, as RFC 3339 times or as UTC days.

use std::ops::RangeInclusive;

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use super::ApiError;

/// Days of a report when nothing is said.
const USUAL_DAYS: i32 = 30;

/// What a query says of the time. A day counts whole, as the last one too.
#[derive(Clone, Copy, Debug)]
pub struct Period<'a> {
    pub from: Option<&'a str>,
    pub to: Option<&'a str>,
}

impl Period<'_> {
    /// The days of a report, at most `most` of them; up to today and 30 when nothing is said.
    pub fn days(self, now: Timestamp, most: i32) -> Result<RangeInclusive<Date>, ApiError> {
        let last = read("to", self.to)?.map_or_else(|| day(now), |time| day(*time.end()));
        let usual = last.checked_sub((USUAL_DAYS - 1).days()).unwrap_or(Date::MIN);
        let first = read("from", self.from)?.map_or(usual, |time| day(*time.start()));
        check_order(first, last)?;
        let count = first
            .until(last)
            .map_or(i32::MAX, |span| span.get_days())
            .saturating_add(1);
        if count > most {
            return Err(ApiError::invalid(
                "from",
                format!("there may be at most {most} days from `from` to `to`"),
            ));
        }
        Ok(first..=last)
    }

    /// The time of a log: all that there is up to `now` when nothing is said.
    pub fn time(self, now: Timestamp) -> Result<RangeInclusive<Timestamp>, ApiError> {
        let last = read("to", self.to)?.map_or(now, |time| *time.end());
        let first = read("from", self.from)?.map_or(Timestamp::UNIX_EPOCH, |time| *time.start());
        check_order(first, last)?;
        Ok(first..=last)
    }
}

fn day(at: Timestamp) -> Date {
    Offset::UTC.to_datetime(at).date()
}

fn check_order<T: Ord>(first: T, last: T) -> Result<(), ApiError> {
    if first <= last {
        Ok(())
    } else {
        Err(ApiError::invalid("from", "must not be behind `to`"))
    }
}

/// The time that a text means: one moment, or a whole day.
fn read(field: &'static str, text: Option<&str>) -> Result<Option<RangeInclusive<Timestamp>>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let moment = || text.parse().ok().map(|at: Timestamp| at..=at);
    let time = if text.len() == "2026-01-31".len() {
        whole_day(text)
    } else {
        moment()
    };
    let wrong = || {
        ApiError::invalid(
            field,
            "must be a day, such as 2026-01-31, or a time of RFC 3339, such as 2026-01-31T09:00:00Z",
        )
    };
    // The texts of earlier years do not sort as years do, and there was nothing.
    time.filter(|time| *time.start() >= Timestamp::UNIX_EPOCH)
        .map(Some)
        .ok_or_else(wrong)
}

fn whole_day(text: &str) -> Option<RangeInclusive<Timestamp>> {
    let begin = text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp();
    let end = begin
        .checked_add(SignedDuration::from_hours(24) - SignedDuration::from_nanos(1))
        .ok()?;
    Some(begin..=end)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: &str = "2026-03-31T12:00:00Z";

    fn period<'a>(from: &'a str, to: &'a str) -> Period<'a> {
        let given = |text: &'a str| (!text.is_empty()).then_some(text);
        Period {
            from: given(from),
            to: given(to),
        }
    }

    fn days(from: &str, to: &str) -> Result<String, String> {
        let days = period(from, to).days(NOON.parse().unwrap(), 92);
        days.map(|days| format!("{} {}", days.start(), days.end()))
            .map_err(refused_field)
    }

    fn time(from: &str, to: &str) -> Result<String, String> {
        let time = period(from, to).time(NOON.parse().unwrap());
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
    fn days_are_utc_and_whole() {
        assert_eq!(days("", "").unwrap(), "2026-03-02 2026-03-31");
        assert_eq!(days("2026-03-30", "").unwrap(), "2026-03-30 2026-03-31");
        assert_eq!(days("", "2026-02-28").unwrap(), "2026-01-30 2026-02-28");
        assert_eq!(
            days("-000002-01-01T00:00:00Z", "-000001-01-01T00:00:00Z").unwrap_err(),
            "to"
        );
        assert_eq!(
            days("2026-03-30T23:30:00-01:00", "2026-03-31T00:00:00Z").unwrap(),
            "2026-03-31 2026-03-31"
        );
        assert_eq!(
            days("2026-01-01", "2026-04-02").unwrap(),
            "2026-01-01 2026-04-02",
            "92 days"
        );
    }

    #[test]
    fn a_log_has_the_whole_last_day() {
        assert_eq!(time("", "").unwrap(), "1970-01-01T00:00:00Z 2026-03-31T12:00:00Z");
        assert_eq!(
            time("2026-03-30", "2026-03-30").unwrap(),
            "2026-03-30T00:00:00Z 2026-03-30T23:59:59.999999999Z"
        );
        assert_eq!(
            time("2026-03-30T10:00:00+02:00", "").unwrap(),
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
            assert_eq!(days(from, to).unwrap_err(), field, "{from} {to}");
            assert_eq!(time(from, to).unwrap_err(), field, "{from} {to}");
        }
        assert_eq!(days("2026-01-01", "2026-04-03").unwrap_err(), "from", "93 days");
        assert_eq!(days("-009999-01-01T00:00:00Z", "").unwrap_err(), "from");
    }
}
