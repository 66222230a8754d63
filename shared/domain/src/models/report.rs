//! Usage as responses show it: lines of the request log, and sums by group. Money is in USD here.

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};

use super::usage::{Dimensions, Sums, UsageRecord};

/// A column of a table: its name, and its value in a row.
type Column<Row> = (&'static str, fn(&Row) -> Value);

/// One line of the request log.
#[derive(Clone, Debug)]
pub struct LogEntry(pub UsageRecord);

impl LogEntry {
    /// The record, with the cost in USD and with `null` for what there is not.
    pub const COLUMNS: &[Column<UsageRecord>] = &[
        ("id", |record| json!(record.id)),
        ("at", |record| json!(record.request.at)),
        ("request_id", |record| json!(record.request.request_id)),
        ("user", |record| json!(record.request.user)),
        ("department", |record| json!(record.request.department)),
        ("key", |record| json!(record.request.key)),
        ("model", |record| json!(record.request.model)),
        ("backend", |record| json!(record.backend)),
        ("endpoint", |record| json!(record.request.endpoint)),
        ("client", |record| json!(record.request.client)),
        ("streamed", |record| json!(record.request.streamed)),
        ("status", |record| json!(record.status)),
        ("outcome", |record| json!(record.outcome)),
        ("input_tokens", |record| json!(record.tokens.input)),
        ("cached_input_tokens", |record| json!(record.tokens.cached_input)),
        ("cache_write_tokens", |record| json!(record.tokens.cache_write)),
        ("cache_write_1h_tokens", |record| json!(record.tokens.cache_write_1h)),
        ("output_tokens", |record| json!(record.tokens.output)),
        ("reasoning_tokens", |record| json!(record.tokens.reasoning)),
        ("estimated", |record| json!(record.estimated)),
        ("cost_usd", |record| json!(record.cost.usd())),
        ("duration_ms", |record| json!(record.duration_ms)),
        ("first_byte_ms", |record| json!(record.first_byte_ms)),
    ];

    pub fn columns() -> Vec<&'static str> {
        Self::COLUMNS.iter().map(|(name, _)| *name).collect()
    }

    /// The same line without the backend, for users who may not see it.
    #[must_use]
    pub fn without_backend(mut self) -> Self {
        self.0.backend = None;
        self
    }
}

impl Serialize for LogEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(Self::COLUMNS.iter().map(|(name, value)| (name, value(&self.0))))
    }
}

/// What sums are added up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupBy {
    Day,
    Model,
    Key,
    User,
    Department,
    Backend,
}

impl GroupBy {
    /// The name of the column with the groups.
    pub fn column(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Model => "model",
            Self::Key => "key",
            Self::User => "user",
            Self::Department => "department",
            Self::Backend => "backend",
        }
    }

    /// The group of a row; absent for what has no department, or no backend responded.
    pub fn group(self, of: &Dimensions) -> Option<String> {
        match self {
            Self::Day => Some(of.day.to_string()),
            Self::Model => Some(of.model.to_string()),
            Self::Key => Some(of.key.to_string()),
            Self::User => Some(of.user.to_string()),
            Self::Department => of.department.as_ref().map(ToString::to_string),
            Self::Backend => of.backend.as_ref().map(ToString::to_string),
        }
    }
}

/// The sums of one group.
#[derive(Clone, Debug)]
pub struct UsageRow {
    by: GroupBy,
    group: Option<String>,
    sums: Sums,
}

impl UsageRow {
    /// The columns behind the group's own.
    const SUMS: &[Column<Sums>] = &[
        ("requests", |sums| json!(sums.requests)),
        ("errors", |sums| json!(sums.errors)),
        ("estimated", |sums| json!(sums.estimated)),
        ("input_tokens", |sums| json!(sums.tokens.input)),
        ("cached_input_tokens", |sums| json!(sums.tokens.cached_input)),
        ("cache_write_tokens", |sums| json!(sums.tokens.cache_write)),
        ("cache_write_1h_tokens", |sums| json!(sums.tokens.cache_write_1h)),
        ("output_tokens", |sums| json!(sums.tokens.output)),
        ("reasoning_tokens", |sums| json!(sums.tokens.reasoning)),
        ("cost_usd", |sums| json!(sums.cost.usd())),
    ];

    pub fn new(by: GroupBy, group: Option<String>, sums: Sums) -> Self {
        Self { by, group, sums }
    }

    /// The columns of sums by `by`.
    pub fn columns(by: GroupBy) -> Vec<&'static str> {
        let sums = Self::SUMS.iter().map(|(name, _)| *name);
        [by.column()].into_iter().chain(sums).collect()
    }
}

impl Serialize for UsageRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let group = (self.by.column(), json!(self.group));
        let sums = Self::SUMS.iter().map(|(name, value)| (*name, value(&self.sums)));
        serializer.collect_map([group].into_iter().chain(sums))
    }
}
