//! Times of the day and days of the week, as people write them on a door.

use std::fmt;

use jiff::civil::{Time, Weekday};
use serde::{Deserialize, Serialize};

const MINUTES_OF_DAY: u16 = 24 * 60;

/// `HH:MM`, from `00:00` to `24:00`, by the clock on the wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay {
    minutes: u16,
}

/// Why a text is no time of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a time of the day as HH:MM, 00:00 to 24:00")]
pub struct TimeOfDayError;

impl TimeOfDay {
    pub const MIDNIGHT: Self = Self { minutes: 0 };
    /// `24:00`, which is `00:00` of the day after.
    pub const END_OF_DAY: Self = Self {
        minutes: MINUTES_OF_DAY,
    };

    pub fn parse(text: &str) -> Result<Self, TimeOfDayError> {
        let number = |digits: &str| match digits.len() {
            2 if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse::<u16>().ok(),
            _ => None,
        };
        let parts = text
            .split_once(':')
            .and_then(|(hours, minutes)| number(hours).zip(number(minutes)));
        let (hours, minutes) = parts.filter(|(_, minutes)| *minutes < 60).ok_or(TimeOfDayError)?;
        let minutes = hours * 60 + minutes;
        if minutes <= MINUTES_OF_DAY {
            Ok(Self { minutes })
        } else {
            Err(TimeOfDayError)
        }
    }

    /// The minute that `time` lies in.
    pub fn at(time: Time) -> Self {
        let part = |number: i8| u16::try_from(number).unwrap_or_default();
        Self {
            minutes: part(time.hour()) * 60 + part(time.minute()),
        }
    }

    /// The time on the clock; `None` for `24:00`, which no clock shows.
    pub fn on_the_clock(self) -> Option<Time> {
        let (hour, minute) = (
            i8::try_from(self.minutes / 60).ok()?,
            i8::try_from(self.minutes % 60).ok()?,
        );
        Time::new(hour, minute, 0, 0).ok()
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.minutes / 60, self.minutes % 60)
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = TimeOfDayError;

    fn try_from(text: String) -> Result<Self, TimeOfDayError> {
        Self::parse(&text)
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

/// Days of the week; none are all of them. Written as a list of their short names, Monday first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Vec<Day>", into = "Vec<Day>")]
pub struct Days(u8);

/// A day of the week, by the short name of its English one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Day {
    pub(crate) const ALL: [Self; 7] = [
        Self::Mon,
        Self::Tue,
        Self::Wed,
        Self::Thu,
        Self::Fri,
        Self::Sat,
        Self::Sun,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Mon => "mon",
            Self::Tue => "tue",
            Self::Wed => "wed",
            Self::Thu => "thu",
            Self::Fri => "fri",
            Self::Sat => "sat",
            Self::Sun => "sun",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl Days {
    /// True if no day is named, which means all of them.
    pub fn is_every_day(&self) -> bool {
        self.0 == 0
    }

    pub fn contains(self, day: Weekday) -> bool {
        self.is_every_day() || self.0 & 1 << day.to_monday_zero_offset() != 0
    }

    /// The days that are named.
    pub fn named(self) -> impl Iterator<Item = Day> {
        Day::ALL.into_iter().filter(move |day| self.0 & day.bit() != 0)
    }
}

impl From<Vec<Day>> for Days {
    fn from(days: Vec<Day>) -> Self {
        Self(days.into_iter().fold(0, |days, day| days | day.bit()))
    }
}

impl From<Days> for Vec<Day> {
    fn from(days: Days) -> Self {
        days.named().collect()
    }
}

/// From `start` until before `end`, on the days that it begins on; across midnight, if `end` comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TimeRange {
    pub start: TimeOfDay,
    pub end: TimeOfDay,
    #[serde(default, skip_serializing_if = "Days::is_every_day")]
    pub days: Days,
}

impl fmt::Display for TimeRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, day) in self.days.named().enumerate() {
            let before = if place == 0 { "" } else { "/" };
            write!(f, "{before}{}", day.name())?;
        }
        let blank = if self.days.is_every_day() { "" } else { " " };
        write!(f, "{blank}{}-{}", self.start, self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_the_day() {
        for good in ["00:00", "09:30", "23:59", "24:00"] {
            assert_eq!(TimeOfDay::parse(good).unwrap().to_string(), good);
        }
        for bad in [
            "",
            "9:30",
            "09:60",
            "24:01",
            "25:00",
            "09:30:00",
            "+9:30",
            "09-30",
            "０９:30",
            "09:3a",
            "12",
        ] {
            assert_eq!(TimeOfDay::parse(bad), Err(TimeOfDayError), "{bad}");
        }
    }

    #[test]
    fn g20_days_are_a_list_of_names_in_the_order_of_the_week() {
        let range = |json: &str| serde_json::from_str::<TimeRange>(json);
        let work = range(r#"{"start": "09:00", "end": "18:00", "days": ["fri", "mon", "mon"]}"#).unwrap();
        assert_eq!(work.to_string(), "mon/fri 09:00-18:00");
        assert!(work.days.contains(Weekday::Monday) && !work.days.contains(Weekday::Sunday));
        let json = serde_json::to_value(work).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"start": "09:00", "end": "18:00", "days": ["mon", "fri"]})
        );
        for every_day in [
            r#"{"start": "09:00", "end": "18:00"}"#,
            r#"{"start": "09:00", "end": "18:00", "days": []}"#,
        ] {
            let range = range(every_day).unwrap();
            assert!(range.days.contains(Weekday::Sunday));
            assert_eq!(range.to_string(), "09:00-18:00");
            assert!(serde_json::to_value(range).unwrap().get("days").is_none());
        }
        assert!(range(r#"{"start": "09:00", "end": "18:00", "days": ["monday"]}"#).is_err());
    }
}
