//! Sums by group, as responses show them. Money is in USD here.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};

use super::refusal_reason::RefusalReason;
use super::rollup::Dimensions;
use super::sums::Sums;
use super::utc_hour::UtcHour;

/// A property that sums are added up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupBy {
    Hour,
    Day,
    Model,
    Key,
    User,
    Department,
    Backend,
}

impl GroupBy {
    const ALL: [Self; 7] = [
        Self::Hour,
        Self::Day,
        Self::Model,
        Self::Key,
        Self::User,
        Self::Department,
        Self::Backend,
    ];

    /// The name of the column with the groups.
    pub fn column(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Model => "model",
            Self::Key => "key",
            Self::User => "user",
            Self::Department => "department",
            Self::Backend => "backend",
        }
    }

    /// Columns of a table that say what its groups are called.
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::User => &["user_name", "user_email"],
            Self::Key => &["key_name", "key_prefix"],
            Self::Backend => &["backend_name"],
            Self::Hour | Self::Day | Self::Model | Self::Department => &[],
        }
    }

    /// The group of what was used in `hour`; absent for what has no department, or no backend responded.
    fn group(self, of: &Dimensions, hour: UtcHour, zone: &TimeZone) -> Option<String> {
        match self {
            Self::Hour => Some(hour.begin().to_string()),
            Self::Day => Some(hour.date_in(zone).to_string()),
            Self::Model => of.model.as_ref().map(ToString::to_string),
            Self::Key => Some(of.key.to_string()),
            Self::User => Some(of.user.to_string()),
            Self::Department => of.department.as_ref().map(ToString::to_string),
            Self::Backend => of.backend.as_ref().map(ToString::to_string),
        }
    }
}

/// One or two properties to group by, as in `day,model`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Grouping(Vec<GroupBy>);

/// The group of each of a [`Grouping`].
pub type Group = Vec<Option<String>>;

/// The error of a text that is no grouping.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one or two, parted by a comma, of hour, day, model, key, user, department and backend")]
pub struct GroupingError;

impl TryFrom<String> for Grouping {
    type Error = GroupingError;

    fn try_from(text: String) -> Result<Self, GroupingError> {
        let named = |name: &str| GroupBy::ALL.into_iter().find(|by| by.column() == name);
        let by: Vec<_> = text.split(',').map(named).collect::<Option<_>>().ok_or(GroupingError)?;
        match by.as_slice() {
            [_] => Ok(Self(by)),
            [one, other] if one != other => Ok(Self(by)),
            _ => Err(GroupingError),
        }
    }
}

impl From<GroupBy> for Grouping {
    fn from(by: GroupBy) -> Self {
        Self(vec![by])
    }
}

impl Grouping {
    pub fn has(&self, by: GroupBy) -> bool {
        self.0.contains(&by)
    }

    pub fn by(&self) -> &[GroupBy] {
        &self.0
    }

    /// Days are those of `zone`, hours are of UTC.
    pub fn group(&self, of: &Dimensions, hour: UtcHour, zone: &TimeZone) -> Group {
        self.0.iter().map(|by| by.group(of, hour, zone)).collect()
    }

    /// The groups of one kind, in `groups`.
    pub fn of<'a>(&self, by: GroupBy, groups: &'a Group) -> Option<&'a str> {
        let place = self.0.iter().position(|each| *each == by)?;
        groups.get(place)?.as_deref()
    }

    /// The columns of a table of sums.
    pub fn columns(&self) -> Vec<&'static str> {
        let groups = self
            .0
            .iter()
            .flat_map(|by| [by.column()].into_iter().chain(by.names().iter().copied()));
        let sums = SUMS.iter().map(|(name, _)| *name).chain(SPEED);
        groups.chain(sums).chain(REFUSED).collect()
    }
}

/// A column of a table: its name, and its value in a row.
pub(super) type Column<Row> = (&'static str, fn(&Row) -> Value);

const SUMS: &[Column<Sums>] = &[
    ("requests", |sums| json!(sums.requests)),
    ("errors", |sums| json!(sums.errors)),
    ("estimated", |sums| json!(sums.estimated)),
    ("input_tokens", |sums| json!(sums.tokens.input)),
    ("cached_input_tokens", |sums| json!(sums.tokens.cached_input)),
    ("cached_input_share", |sums| json!(sums.tokens.cached_share())),
    ("cache_write_tokens", |sums| json!(sums.tokens.cache_write)),
    ("cache_write_1h_tokens", |sums| json!(sums.tokens.cache_write_1h)),
    ("output_tokens", |sums| json!(sums.tokens.output)),
    ("reasoning_tokens", |sums| json!(sums.tokens.reasoning)),
    ("cost_usd", |sums| json!(sums.cost.usd())),
];
/// Members of objects in a row, as columns of a table.
const SPEED: [&str; 3] = ["first_byte_ms.p50", "first_byte_ms.p95", "output_tokens_per_s"];
const REFUSED: [&str; RefusalReason::ALL.len()] = [
    "refused.rate_limit_exceeded",
    "refused.insufficient_quota",
    "refused.concurrency_limit_exceeded",
    "refused.outside_available_hours",
    "refused.model_not_found",
    "refused.model_not_supported",
    "refused.no_policy",
    "refused.context_length_exceeded",
    "refused.invalid_request",
    "refused.other",
];

/// Sums as an object.
#[derive(Clone, Copy, Debug)]
pub struct SumsObject(pub Sums);

impl SumsObject {
    fn members(&self) -> impl Iterator<Item = (&'static str, Value)> {
        let Self(sums) = *self;
        let speed = &sums.speed;
        let first_byte = speed
            .first_byte_ms(50)
            .map(|p50| json!({"p50": p50, "p95": speed.first_byte_ms(95)}));
        let refused: serde_json::Map<String, Value> = sums
            .refused()
            .map(|(name, count)| (name.to_owned(), json!(count)))
            .collect();
        let more = [
            ("first_byte_ms", json!(first_byte)),
            ("output_tokens_per_s", json!(speed.output_tokens_per_s())),
            ("refused", refused.into()),
        ];
        SUMS.iter().map(move |(name, value)| (*name, value(&sums))).chain(more)
    }
}

impl Serialize for SumsObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.members())
    }
}

/// The sums of one group.
#[derive(Clone, Debug)]
pub struct UsageRow {
    groups: Vec<(&'static str, Option<String>)>,
    sums: SumsObject,
}

impl UsageRow {
    pub fn new(by: &Grouping, group: &Group, sums: Sums) -> Self {
        let columns = by.by().iter().map(|by| by.column());
        Self {
            groups: columns.zip(group.iter().cloned()).collect(),
            sums: SumsObject(sums),
        }
    }
}

impl Serialize for UsageRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let groups = self.groups.iter().map(|(column, group)| (*column, json!(group)));
        serializer.collect_map(groups.chain(self.sums.members()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g4_two_groups_at_most_and_each_once() {
        for good in ["day", "day,model", "user,hour"] {
            assert!(Grouping::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", "day,", "day,day", "day,model,user", "week", "day model"] {
            assert_eq!(Grouping::try_from(bad.to_owned()), Err(GroupingError), "{bad}");
        }
    }

    #[test]
    fn g13_every_reason_has_a_column() {
        for (reason, column) in RefusalReason::ALL.into_iter().zip(REFUSED) {
            assert_eq!(column.strip_prefix("refused."), Some(reason.name()));
        }
    }
}
