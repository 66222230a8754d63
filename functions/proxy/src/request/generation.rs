//! What a request in `OpenAI`'s API says of the text to be generated: whether it is streamed, how many responses there
//! are, and how long each may be.

use serde_json::value::RawValue;
use service::http::ApiError;
use translators::restricted::Restriction;
use translators::settings::{BackendSettings, MaxTokensField};

use super::body::RequestBody;
use super::max_tokens::MaxTokens;
use super::stream_options::include_usage;
use crate::patch::Patch;

/// The most choices of a chat request.
const MAX_CHOICES: u64 = 8;
/// The most completions of one prompt, as at `OpenAI`.
const MAX_COMPLETIONS: u64 = 128;

#[derive(Clone, Debug)]
pub(super) struct Generation {
    stream: bool,
    choices: u64,
    max_tokens: MaxTokens,
    /// The patch that requests the usage of a stream; `None` if the client requests it itself, or no stream.
    usage_patch: Option<Patch>,
}

impl Generation {
    /// Of a chat request.
    pub(super) fn of_chat(body: &RequestBody<'_>) -> Result<Self, ApiError> {
        Self::read(body, choices(body, MAX_CHOICES)?, MaxTokens::read(body)?)
    }

    /// Of a completion of one or several prompts.
    pub(super) fn of_prompts(body: &RequestBody<'_>) -> Result<Self, ApiError> {
        let choices = choices(body, MAX_COMPLETIONS)?.saturating_mul(prompts(body));
        Self::read(body, choices, MaxTokens::read_with_zero(body)?)
    }

    fn read(body: &RequestBody<'_>, choices: u64, max_tokens: MaxTokens) -> Result<Self, ApiError> {
        let stream = body.flag("stream")?;
        Ok(Self {
            stream,
            choices,
            max_tokens,
            usage_patch: if stream { include_usage(body)? } else { None },
        })
    }

    pub(super) fn stream(&self) -> bool {
        self.stream
    }

    pub(super) fn choices(&self) -> u64 {
        self.choices
    }

    /// The limit that holds where the client has none under chat's own names.
    pub(super) fn limit_beside_own(&self) -> Option<u64> {
        self.max_tokens.beside_own()
    }

    /// The client's limit of each choice, in tokens.
    pub(super) fn max_tokens(&self) -> Option<u64> {
        self.max_tokens.requested()
    }

    /// Limits each choice of a request without a limit of its own.
    pub(super) fn limit_output(&mut self, tokens: u64) {
        self.max_tokens.impose(tokens);
    }

    /// True if the usage of a stream would reach a client that has not requested it.
    pub(super) fn hides_usage(&self, body: &RequestBody<'_>) -> bool {
        self.usage_patch.is_some() && !asks_for_usage_otherwise(body)
    }

    /// True if the member `name` is set by what is written here for a backend with `settings`.
    pub(super) fn sets(&self, name: &str, settings: &BackendSettings) -> bool {
        self.max_tokens.covers(name) || (name == "stream_options" && self.usage_patch(settings).is_some())
    }

    /// The patches that write the limit and `include_usage` into `body` for a backend with `settings`, which knows the
    /// limit as `field`.
    pub(super) fn patches(
        &self,
        body: &RequestBody<'_>,
        settings: &BackendSettings,
        field: MaxTokensField,
    ) -> impl Iterator<Item = Patch> {
        let usage = self.usage_patch(settings).cloned();
        self.max_tokens.patches(body, field).into_iter().chain(usage)
    }

    fn usage_patch(&self, settings: &BackendSettings) -> Option<&Patch> {
        self.usage_patch.as_ref().filter(|_| settings.stream_usage)
    }
}

/// True for OpenRouter's `"usage": {"include": true}`.
fn asks_for_usage_otherwise(body: &RequestBody<'_>) -> bool {
    #[derive(Default, serde::Deserialize)]
    #[serde(default)]
    struct Asked {
        include: bool,
    }
    let usage = body.get("usage").map(RawValue::get);
    usage.is_some_and(|usage| serde_json::from_str::<Asked>(usage).is_ok_and(|asked| asked.include))
}

/// The number of choices, under whichever name it is the highest.
fn choices(body: &RequestBody<'_>, limit: u64) -> Result<u64, ApiError> {
    let mut most = 1;
    for (name, value) in body.restricted(Restriction::Choices) {
        if value.get() == "null" {
            continue;
        }
        let choices = value.get().parse().ok().filter(|choices| (1..=limit).contains(choices));
        let refused = || ApiError::invalid(name, format!("{name} must be 1 to {limit}"));
        most = most.max(choices.ok_or_else(refused)?);
    }
    Ok(most)
}

/// The number of prompts: a list of numbers is one, the tokens of it.
fn prompts(body: &RequestBody<'_>) -> u64 {
    let list = body
        .get("prompt")
        .map(RawValue::get)
        .filter(|prompt| prompt.starts_with('['));
    let items: Vec<&RawValue> = list
        .and_then(|list| serde_json::from_str(list).ok())
        .unwrap_or_default();
    let is_prompt = |item: &&&RawValue| item.get().starts_with(['"', '[', '{']);
    (items.iter().filter(is_prompt).count() as u64).max(1)
}
