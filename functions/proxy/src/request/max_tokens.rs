//! The limit of a response's length, in tokens: what the client set, and what the gateway sets in its place.

use bytes::Bytes;
use serde_json::value::RawValue;
use translators::settings::MaxTokensField;

use crate::patch::{Patch, Span};

/// The members of a chat request that limit its response, the newer name first. An administrator may set either for a
/// model.
pub(crate) const FIELDS: [&str; 2] = ["max_completion_tokens", "max_tokens"];

/// The limit of one chat request.
#[derive(Clone, Debug, Default)]
pub(super) struct MaxTokens {
    requested: Option<u64>,
    /// The place of a value that limits nothing: `null`, 0, -1. The gateway's limit may replace it.
    unlimited: Option<Span>,
    /// The gateway's limit.
    imposed: Option<u64>,
}

impl MaxTokens {
    /// Adds the value of one of the [`FIELDS`]; of two limits the higher counts.
    pub(super) fn add(&mut self, value: &RawValue, body: &str) {
        let tokens = value.get().parse::<u64>().ok().filter(|tokens| *tokens > 0);
        self.requested = self.requested.max(tokens);
        if tokens.is_none() {
            self.unlimited = Span::of(value.get().as_bytes(), body.as_bytes()).ok();
        }
    }

    pub(super) fn requested(&self) -> Option<u64> {
        self.requested
    }

    /// True if `name` is an alias of a limit that is already set.
    pub(super) fn covers(&self, name: &str) -> bool {
        FIELDS.contains(&name) && self.requested.or(self.imposed).is_some()
    }

    pub(super) fn impose(&mut self, tokens: u64) {
        self.imposed = Some(tokens);
    }

    /// The patch that writes the gateway's limit into `body`, for a backend that knows it as `field`.
    pub(super) fn patch(&self, body: &Bytes, field: MaxTokensField) -> Option<Patch> {
        let tokens = self.imposed?;
        if let Some(span) = self.unlimited {
            return Some(Patch::replace(span, tokens.to_string()));
        }
        let start = memchr::memchr(b'{', body)? + 1;
        let name = match field {
            MaxTokensField::MaxTokens => "max_tokens",
            MaxTokensField::MaxCompletionTokens => "max_completion_tokens",
        };
        Some(Patch::insert(start, format!("\"{name}\":{tokens},")))
    }
}
