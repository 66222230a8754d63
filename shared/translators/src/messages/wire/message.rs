//! The Anthropic message that is the response to a request.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::usage::AnthropicUsage;

/// A fresh id of a message.
pub fn new_id(random: &mut dyn FnMut() -> String) -> String {
    format!("msg_{}", random())
}

#[derive(Debug, Serialize)]
pub struct ResponseMessage<'a> {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: MessageKind,
    pub role: Role,
    pub model: &'a str,
    pub content: Vec<ResponseBlock<'a>>,
    /// `None` only while the message is still being written.
    pub stop_reason: Option<StopReason>,
    pub stop_sequence: Option<Cow<'a, str>>,
    pub stop_details: Option<StopDetails>,
    pub usage: AnthropicUsage,
}

#[derive(Debug, Clone, Copy, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    #[default]
    Message,
}

#[derive(Debug, Clone, Copy, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    #[default]
    Assistant,
}

/// Texts are JSON strings as the backend escaped them, inputs its own JSON (P5).
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ResponseBlock<'a> {
    Thinking {
        thinking: Cow<'a, RawValue>,
        signature: String,
    },
    Text {
        text: Cow<'a, RawValue>,
    },
    ToolUse {
        id: String,
        name: String,
        input: Box<RawValue>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    EndTurn,
    MaxTokens,
    ModelContextWindowExceeded,
    Refusal,
    StopSequence,
    ToolUse,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum StopDetails {
    /// Backends give no category; the key is always there.
    Refusal {
        category: Option<String>,
        explanation: Option<Box<RawValue>>,
    },
}

impl StopDetails {
    /// The details that go with a stop reason. `refusal` is the text of the refusal, as a JSON string.
    pub fn of(stop_reason: StopReason, refusal: Option<Box<RawValue>>) -> Option<Self> {
        let refused = stop_reason == StopReason::Refusal;
        refused.then_some(Self::Refusal {
            category: None,
            explanation: refusal,
        })
    }
}
