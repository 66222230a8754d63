//! The values a setting can have. The first one of each is the default, as in the table of §2.1.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::describe::Describe;
use crate::sha256::sha256_hex;

/// Declares enums whose values are written in snake case and whose first value is the default.
macro_rules! choices {
    ($($(#[$doc:meta])* $name:ident {
        $(#[$first_doc:meta])* $first:ident, $($(#[$variant_doc:meta])* $variant:ident),+ $(,)?
    })+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
            #[serde(rename_all = "snake_case")]
            pub enum $name { $(#[$first_doc])* #[default] $first, $($(#[$variant_doc])* $variant),+ }

            impl Describe for $name {
                const KIND: &'static str = "choice";

                fn values() -> Vec<Value> {
                    [Self::$first, $(Self::$variant),+].iter().filter_map(|value| serde_json::to_value(value).ok()).collect()
                }
            }
        )+
    };
}

choices! {
    MaxTokensField { MaxTokens, MaxCompletionTokens }
    SystemRole { System, Developer }
    InlineSystem {
        /// Into the preceding user turn, as a reminder.
        Fold,
        /// A message of its own, in place.
        Inline,
        /// At the end of the leading system message: rewrites the head of the prompt, a last resort.
        Hoist,
    }
    TextParts { String, Array }
    Pdf { Reject, FilePart }
    ToolResultMedia { UserMessage, Inline, Reject }
    ReasoningReplay { ReasoningContent, Reasoning, None }
    ReasoningParam { ReasoningEffort, ThinkingObject, EnableThinking, ChatTemplateKwargs, None }
    ThinkTags {
        Keep,
        Parse,
        /// Only where the text begins with the tag, so that text without one never waits.
        ParseOpened,
    }
    ToolChoiceSupport {
        Full,
        AutoOnly,
        /// Like `auto_only`, but only while the client requests thinking (DeepSeek).
        AutoOnlyWhenThinking,
    }
    Prefill { Reject, ContinueFinalMessage, Prefix, Partial }
    Cache { None, Breakpoints, CacheControl }
    UserField { None, User, SafetyIdentifier }
    UpstreamAuthErrors { Hide, Pass }
    Schema { Full, Openai, Llamacpp }
    UnsignedCalls { Pass, Google }
    Tokenizer { Estimate, Vllm, Llamacpp }
    ThinkingParam {
        Adaptive,
        /// `budget_tokens`, of models before there was an effort.
        Budget,
    }
    RerankApi { Pass, Tei }
    UserId {
        Pass,
        /// As 32 hexadecimal digits of its SHA-256: some vendors refuse the JSON that agents put there.
        Hash,
    }
    CountTokens { Backend, Estimate }
}

choices! {
    /// Reasoning effort, weakest first: the order is what clamping goes by.
    Effort { None, Minimal, Low, Medium, High, Xhigh, Max }
}

impl SystemRole {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Developer => "developer",
        }
    }
}

impl UserId {
    /// The user's id as the backend takes it.
    pub fn applied(self, id: Cow<'_, str>) -> Cow<'_, str> {
        match self {
            Self::Pass => id,
            Self::Hash => Cow::Owned(sha256_hex(&id)[..32].to_owned()),
        }
    }
}

/// The version of Anthropic's API that a backend is told: the client's own, written `client`, or always the same one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum AnthropicVersion {
    #[default]
    Client,
    Fixed(String),
}

impl TryFrom<String> for AnthropicVersion {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
        match text.as_str() {
            "client" => Ok(Self::Client),
            _ if (1..=64).contains(&text.len()) && text.bytes().all(is_plain) => Ok(Self::Fixed(text)),
            _ => Err("must be client, or a version such as 2023-06-01"),
        }
    }
}

impl From<AnthropicVersion> for String {
    fn from(version: AnthropicVersion) -> Self {
        match version {
            AnthropicVersion::Client => "client".to_owned(),
            AnthropicVersion::Fixed(version) => version,
        }
    }
}

impl Describe for AnthropicVersion {
    const KIND: &'static str = "text";
}

/// An upper limit, written as a number or as `"none"`, so that an override can lift a preset's limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    None,
    AtMost(u32),
}

impl Limit {
    /// The limit, if `count` is above it.
    pub fn exceeded_by(self, count: usize) -> Option<u32> {
        match self {
            Self::AtMost(limit) if count > limit as usize => Some(limit),
            _ => None,
        }
    }
}

impl Describe for Limit {
    const KIND: &'static str = "limit";
}

impl Describe for Vec<Effort> {
    const KIND: &'static str = "choices";

    fn values() -> Vec<Value> {
        Effort::values()
    }
}

impl Serialize for Limit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None => serializer.serialize_str("none"),
            Self::AtMost(limit) => serializer.serialize_u32(*limit),
        }
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LimitVisitor)
    }
}

struct LimitVisitor;

impl Visitor<'_> for LimitVisitor {
    type Value = Limit;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or \"none\"")
    }

    fn visit_u64<E: de::Error>(self, limit: u64) -> Result<Limit, E> {
        u32::try_from(limit)
            .map(Limit::AtMost)
            .map_err(|_| E::custom("the limit is too large"))
    }

    fn visit_i64<E: de::Error>(self, limit: i64) -> Result<Limit, E> {
        u32::try_from(limit)
            .map(Limit::AtMost)
            .map_err(|_| E::custom("the limit must not be negative"))
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<Limit, E> {
        if word == "none" {
            Ok(Limit::None)
        } else {
            Err(E::invalid_value(de::Unexpected::Str(word), &self))
        }
    }
}
