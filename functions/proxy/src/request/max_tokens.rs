//! The limit of a response's length, in tokens: what the client set, under whatever name, and what the gateway sets in
//! its place.

use serde_json::value::RawValue;
use service::http::ApiError;
use translators::restricted::Restriction;
use translators::settings::MaxTokensField;

use super::body::{RequestBody, invalid};
use crate::patch::{Patch, Span};

/// The members of a chat request that limit its response, the newer name first. An administrator may set either for a
/// model.
pub(crate) const FIELDS: [&str; 2] = ["max_completion_tokens", "max_tokens"];

/// The limit of one chat request.
#[derive(Clone, Debug, Default)]
pub(super) struct MaxTokens {
    /// The client's limit; of two the higher counts.
    own: Option<u64>,
    /// The client's limit under a name that only some servers know.
    alias: Option<u64>,
    /// The places of values that limit nothing, each with true if it is `null`. The effective limit replaces them.
    unlimited: Vec<(Span, bool)>,
    /// The gateway's limit.
    imposed: Option<u64>,
}

impl MaxTokens {
    pub(super) fn read(body: &RequestBody<'_>) -> Result<Self, ApiError> {
        Self::read_from(1, body)
    }

    /// The same where 0 is a limit as any other: a completion may be nothing but the echo of its prompt.
    pub(super) fn read_with_zero(body: &RequestBody<'_>) -> Result<Self, ApiError> {
        Self::read_from(0, body)
    }

    fn read_from(least: u64, body: &RequestBody<'_>) -> Result<Self, ApiError> {
        let mut limit = Self::default();
        for name in FIELDS {
            let Some(value) = body.value(name) else { continue };
            let tokens = tokens_from(least, name, value)?;
            limit.own = limit.own.max(tokens);
            if tokens.is_none() {
                limit.unlimited.push((body.span(value)?, value.get() == "null"));
            }
        }
        for (name, value) in body.restricted(Restriction::Limit) {
            limit.alias = limit.alias.max(tokens(name, value)?);
        }
        Ok(limit)
    }

    pub(super) fn requested(&self) -> Option<u64> {
        self.own.max(self.alias)
    }

    /// The limit that holds where the client has none under chat's own names.
    pub(super) fn beside_own(&self) -> Option<u64> {
        self.alias.or(self.imposed)
    }

    /// True if `name` is an alias of a limit that is already set.
    pub(super) fn covers(&self, name: &str) -> bool {
        FIELDS.contains(&name) && self.requested().or(self.imposed).is_some()
    }

    pub(super) fn impose(&mut self, tokens: u64) {
        self.imposed = Some(tokens);
    }

    /// The patches that write the limit into `body` where the client's own does not say it already, for a backend that
    /// knows it as `field`.
    pub(super) fn patches(&self, body: &RequestBody<'_>, field: MaxTokensField) -> Vec<Patch> {
        if let Some(own) = self.own {
            // A server may prefer the other name, and take -1 for no limit at all.
            let void = self.unlimited.iter().filter(|(_, is_null)| !is_null);
            return void.map(|(span, _)| Patch::replace(*span, own.to_string())).collect();
        }
        let Some(tokens) = self.beside_own() else {
            return Vec::new();
        };
        if !self.unlimited.is_empty() {
            let all = self.unlimited.iter();
            return all.map(|(span, _)| Patch::replace(*span, tokens.to_string())).collect();
        }
        let name = match field {
            MaxTokensField::MaxTokens => "max_tokens",
            MaxTokensField::MaxCompletionTokens => "max_completion_tokens",
        };
        vec![Patch::insert(body.start(), format!("\"{name}\":{tokens},"))]
    }
}

/// The limit that the value of `name` sets; `None` for one that limits nothing: `null`, 0, -1. Some servers read
/// numbers from strings, so what is no number is refused.
pub(super) fn tokens(name: &str, value: &RawValue) -> Result<Option<u64>, ApiError> {
    tokens_from(1, name, value)
}

fn tokens_from(least: u64, name: &str, value: &RawValue) -> Result<Option<u64>, ApiError> {
    let text = value.get();
    if text == "null" {
        return Ok(None);
    }
    if let Ok(tokens) = text.parse::<u64>() {
        return Ok(Some(tokens).filter(|tokens| *tokens >= least));
    }
    let number = text
        .parse::<f64>()
        .ok()
        .filter(|_| text.starts_with(['-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']));
    let number = number.ok_or_else(|| invalid(name, "must be a number"))?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates, and is positive"
    )]
    Ok((number > 0.0).then_some(number.ceil() as u64))
}
