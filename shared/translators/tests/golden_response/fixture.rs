//! The fixtures as they are written.

use serde::Deserialize;
use serde_json::value::RawValue;
use translators::context::{ResponseContext, ThinkingDisplay};
use translators::error::{ErrorContext, Secrets};
use translators::settings::ThinkTags;
use translators::stream::StreamEnd;
use translators::tool_ids::UsedIds;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResponseFixture {
    #[serde(default)]
    pub(crate) context: ContextFixture,
    pub(crate) backend: Box<RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StreamFixture {
    #[serde(default)]
    pub(crate) context: ContextFixture,
    #[serde(default)]
    pub(crate) commit_first: bool,
    pub(crate) events: Vec<Box<RawValue>>,
    #[serde(default)]
    pub(crate) end: EndFixture,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErrorFixture {
    pub(crate) status: u16,
    pub(crate) body: Box<RawValue>,
    #[serde(default)]
    pub(crate) pass: bool,
    /// AWS's header.
    #[serde(default)]
    pub(crate) error_type: Option<String>,
    #[serde(default)]
    pub(crate) secrets: Vec<String>,
    /// Client and backend both speak chat.
    #[serde(default)]
    pub(crate) openai: bool,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a member of the context")]
pub(crate) struct ContextFixture {
    stop_sequences: Vec<String>,
    estimated_input_tokens: u64,
    thinking: String,
    parse_think_tags: bool,
    thinking_is_unasked: bool,
    keeps_reasoning_details: bool,
    used_ids: Vec<String>,
    context_window: Option<u64>,
    pub(crate) secrets: Vec<String>,
    includes_usage: bool,
    custom_tools: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EndFixture {
    #[default]
    Closed,
    Broken,
    TimedOut,
}

impl ContextFixture {
    pub(crate) fn build(&self) -> ResponseContext {
        ResponseContext {
            model: "the-model".to_owned(),
            created: 1_795_770_000,
            includes_usage: self.includes_usage,
            custom_tools: self.custom_tools.clone(),
            stop_sequences: self.stop_sequences.clone(),
            thinking: match self.thinking.as_str() {
                "omitted" => ThinkingDisplay::Omitted,
                "discarded" => ThinkingDisplay::Discarded,
                _ => ThinkingDisplay::Shown,
            },
            thinking_is_unasked: self.thinking_is_unasked,
            keeps_reasoning_details: self.keeps_reasoning_details,
            used_ids: self.used_ids(),
            context_window: self.context_window,
            errors: ErrorContext {
                secrets: Secrets::new(self.secrets.iter().map(String::as_str)),
                ..ErrorContext::default()
            },
            think_tags: if self.parse_think_tags {
                ThinkTags::Parse
            } else {
                ThinkTags::Keep
            },
            estimated_input_tokens: self.estimated_input_tokens,
            ..ResponseContext::default()
        }
    }
}

impl ContextFixture {
    fn used_ids(&self) -> UsedIds {
        let mut used = UsedIds::default();
        self.used_ids.iter().for_each(|id| used.add(id));
        used
    }
}

impl EndFixture {
    pub(crate) fn build(&self) -> StreamEnd {
        match self {
            Self::Closed => StreamEnd::Closed,
            Self::Broken => StreamEnd::Broken,
            Self::TimedOut => StreamEnd::TimedOut,
        }
    }
}
