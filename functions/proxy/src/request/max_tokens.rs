//! How long a client allows the answer to a chat request to get, and where in the body a limit can be written.

use std::ops::Range;

use bytes::Bytes;
use serde_json::value::RawValue;
use translators::settings::MaxTokensField;

use crate::patch::Splice;

/// `max_tokens` and `max_completion_tokens` of a body, as far as they limit anything.
#[derive(Clone, Debug, Default)]
pub(crate) struct OutputCap {
    asked: Option<u64>,
    /// A value that limits nothing: `null`, 0, -1. Another one may stand in its place.
    void_at: Option<Range<usize>>,
    /// What the gateway limits the answer to.
    set: Option<u64>,
}

impl OutputCap {
    /// Takes the value of one of the members; of two that limit, the wider counts.
    pub(super) fn note(&mut self, value: &RawValue, body: &str) {
        let tokens = value.get().parse::<u64>().ok().filter(|tokens| *tokens > 0);
        self.asked = self.asked.max(tokens);
        if tokens.is_none() {
            let start = value.get().as_ptr().addr() - body.as_ptr().addr();
            self.void_at = Some(start..start + value.get().len());
        }
    }

    pub(super) fn asked(&self) -> Option<u64> {
        self.asked
    }

    /// Whether `name` says what is said already.
    pub(super) fn covers(&self, name: &str) -> bool {
        matches!(name, "max_tokens" | "max_completion_tokens") && self.asked.or(self.set).is_some()
    }

    pub(super) fn set(&mut self, tokens: u64) {
        self.set = Some(tokens);
    }

    /// What has to be written into `body`, for a backend that calls the member `field`.
    pub(super) fn splice(&self, body: &Bytes, field: MaxTokensField) -> Option<Splice> {
        let tokens = self.set?;
        if let Some(at) = &self.void_at {
            return Some(Splice {
                at: at.clone(),
                with: tokens.to_string().into(),
            });
        }
        let open = memchr::memchr(b'{', body)? + 1;
        let name = match field {
            MaxTokensField::MaxTokens => "max_tokens",
            MaxTokensField::MaxCompletionTokens => "max_completion_tokens",
        };
        Some(Splice {
            at: open..open,
            with: format!("\"{name}\":{tokens},").into(),
        })
    }
}
