//! The request log as responses show it. Money is in USD here.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::circumstances::BackendCall;
use super::report::Column;
use super::usage::UsageRecord;

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
        ("price", |record| json!(record.price)),
        ("duration_ms", |record| json!(record.duration_ms)),
        ("first_byte_ms", |record| json!(record.first_byte_ms)),
        ("user_name", |record| json!(record.circumstances.user_name)),
        ("user_email", |record| json!(record.circumstances.user_email)),
        ("key_prefix", |record| json!(record.circumstances.key_prefix)),
        ("policy", |record| json!(record.circumstances.policy)),
        ("asked_model", |record| json!(asked_model(record))),
        ("code", |record| json!(record.circumstances.code)),
        ("attempts", |record| {
            record.circumstances.attempts.iter().map(call).collect()
        }),
    ];

    pub fn columns() -> Vec<&'static str> {
        Self::COLUMNS.iter().map(|(name, _)| *name).collect()
    }

    /// The line without backends, for users who may not see them.
    #[must_use]
    pub fn without_backend(mut self) -> Self {
        self.0.backend = None;
        self.0.circumstances.attempts.clear();
        self
    }
}

fn asked_model(record: &UsageRecord) -> &str {
    let asked = record.circumstances.asked_model.as_deref();
    asked.unwrap_or(record.request.model.as_str())
}

fn call(call: &BackendCall) -> Value {
    json!({"backend": call.backend, "result": call.result, "ms": call.ms})
}

impl Serialize for LogEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(Self::COLUMNS.iter().map(|(name, value)| (name, value(&self.0))))
    }
}
