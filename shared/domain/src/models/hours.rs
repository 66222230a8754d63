//! Times of the day, as people write them on a door.

use std::fmt;

use jiff::civil::Time;
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

/// Every day from `start` until before `end`; across midnight, if `end` comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TimeRange {
    pub start: TimeOfDay,
    pub end: TimeOfDay,
}

impl fmt::Display for TimeRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.start, self.end)
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
}
