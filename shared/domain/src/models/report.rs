//! Usage as answers show it: lines of the request log, and sums by what somebody asked for. Money is in USD here.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::usage::{ClientKind, Dimensions, Endpoint, Outcome, Sums, Tokens, UsageRecord};
use super::{BackendId, DisplayName, KeyId, ModelId, RequestId, UsageId, UserId};

/// One line of the request log.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LogEntry {
    pub id: UsageId,
    pub at: Timestamp,
    pub request_id: RequestId,
    pub user: UserId,
    pub department: Option<DisplayName>,
    pub key: KeyId,
    pub model: ModelId,
    pub backend: Option<BackendId>,
    pub endpoint: Endpoint,
    pub client: ClientKind,
    pub streamed: bool,
    pub status: u16,
    pub outcome: Outcome,
    #[serde(flatten)]
    pub tokens: Tokens,
    pub estimated: bool,
    pub cost_usd: f64,
    pub duration_ms: u64,
    pub first_byte_ms: Option<u64>,
}

impl LogEntry {
    pub const COLUMNS: &[&str] = &[
        "id",
        "at",
        "request_id",
        "user",
        "department",
        "key",
        "model",
        "backend",
        "endpoint",
        "client",
        "streamed",
        "status",
        "outcome",
        "input_tokens",
        "cached_input_tokens",
        "output_tokens",
        "reasoning_tokens",
        "estimated",
        "cost_usd",
        "duration_ms",
        "first_byte_ms",
    ];
}

impl From<&UsageRecord> for LogEntry {
    fn from(record: &UsageRecord) -> Self {
        Self {
            id: record.id.clone(),
            at: record.request.at,
            request_id: record.request.request_id.clone(),
            user: record.request.user.clone(),
            department: record.request.department.clone(),
            key: record.request.key.clone(),
            model: record.request.model.clone(),
            backend: record.backend.clone(),
            endpoint: record.request.endpoint,
            client: record.request.client,
            streamed: record.request.streamed,
            status: record.status,
            outcome: record.outcome,
            tokens: record.tokens,
            estimated: record.estimated,
            cost_usd: record.cost.usd(),
            duration_ms: record.duration_ms,
            first_byte_ms: record.first_byte_ms,
        }
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
    /// The name of the column that tells the groups apart.
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

    /// The group of a row; absent for what has no department, or no backend answered.
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
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UsageRow {
    /// One member: the group, under the name of its column.
    #[serde(flatten)]
    group: BTreeMap<&'static str, Option<String>>,
    requests: u64,
    errors: u64,
    estimated: u64,
    input_tokens: u64,
    cached_input_tokens: u64,
    output_tokens: u64,
    reasoning_tokens: u64,
    cost_usd: f64,
}

impl UsageRow {
    /// The columns behind the group's own.
    const SUMS: [&str; 8] = [
        "requests",
        "errors",
        "estimated",
        "input_tokens",
        "cached_input_tokens",
        "output_tokens",
        "reasoning_tokens",
        "cost_usd",
    ];

    pub fn new(by: GroupBy, group: Option<String>, sums: Sums) -> Self {
        Self {
            group: BTreeMap::from([(by.column(), group)]),
            requests: sums.requests,
            errors: sums.errors,
            estimated: sums.estimated,
            input_tokens: sums.input_tokens,
            cached_input_tokens: sums.cached_input_tokens,
            output_tokens: sums.output_tokens,
            reasoning_tokens: sums.reasoning_tokens,
            cost_usd: sums.cost.usd(),
        }
    }

    /// The columns of sums by `by`.
    pub fn columns(by: GroupBy) -> Vec<&'static str> {
        [by.column()].into_iter().chain(Self::SUMS).collect()
    }
}
