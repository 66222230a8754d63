//! A chat completion as backends write it, whole or as one chunk of a stream: the two differ only in
//! `message` and `delta`.
//!
//! Only what translation needs is read, and what vendors spell differently stays raw JSON, so that an odd
//! value in a field that is not read never breaks a response.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::json::EscapedText;
use crate::usage::Usage;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Completion<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    object: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    pub service_tier: Option<&'a RawValue>,
    #[serde(borrow)]
    choices: Option<Choices<'a>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
}

/// The choice with `index` 0; others are read over.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Choice<'a> {
    index: Option<u64>,
    #[serde(borrow)]
    pub delta: Option<ChoiceMessage<'a>>,
    #[serde(borrow)]
    pub message: Option<ChoiceMessage<'a>>,
    #[serde(borrow)]
    finish_reason: Option<&'a RawValue>,
    /// vLLM: the matched stop sequence, or the number of a stop token.
    #[serde(borrow)]
    stop_reason: Option<&'a RawValue>,
    /// SGLang: the same.
    #[serde(borrow)]
    matched_stop: Option<&'a RawValue>,
    /// Kimi puts the usage of a stream here.
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
}

/// A `message`, or a `delta` of one.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ChoiceMessage<'a> {
    /// A string or a list of text parts.
    #[serde(borrow)]
    pub content: Option<&'a RawValue>,
    #[serde(borrow)]
    refusal: Option<&'a RawValue>,
    #[serde(borrow)]
    reasoning_content: Option<&'a RawValue>,
    #[serde(borrow)]
    reasoning: Option<&'a RawValue>,
    #[serde(borrow)]
    reasoning_details: Option<&'a RawValue>,
    #[serde(borrow)]
    pub tool_calls: Option<Vec<ToolCallDelta<'a>>>,
    /// The spelling before there were tools: a call without id.
    #[serde(borrow)]
    pub function_call: Option<FunctionDelta<'a>>,
}

/// A whole call, or a piece of one.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ToolCallDelta<'a> {
    pub index: Option<u64>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub function: Option<FunctionDelta<'a>>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub struct FunctionDelta<'a> {
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    /// JSON text in a string; some backends write the object itself.
    #[serde(borrow)]
    pub arguments: Option<&'a RawValue>,
}

impl<'a> Completion<'a> {
    pub fn choice(&self) -> Option<&Choice<'a>> {
        self.choices.as_ref()?.first.as_ref()
    }

    /// The backend's id of the response.
    pub fn id(&self) -> Option<String> {
        text(self.id).map(|id| id.decode().into_owned())
    }

    pub fn usage(&self) -> Option<Usage> {
        let of_choice = || self.choice().and_then(|choice| choice.usage);
        self.usage
            .or_else(of_choice)
            .and_then(|json| Usage::from_chat(json.get()))
    }

    /// True for an error in place of a response: by its `error` member, or as vLLM and others mark it.
    pub fn is_error(&self) -> bool {
        self.error.is_some() || self.object.is_some_and(|object| object.get() == "\"error\"")
    }
}

impl<'a> Choice<'a> {
    /// Why the model stopped. The empty string counts as absent (§5.5).
    pub fn finish_reason(&self) -> Option<EscapedText<'a>> {
        text(self.finish_reason)
    }

    /// The stop sequence that ended the text, where the backend reports it. A number is a token, not a sequence.
    pub fn matched_stop(&self) -> Option<EscapedText<'a>> {
        text(self.stop_reason).or_else(|| text(self.matched_stop))
    }
}

impl<'a> ChoiceMessage<'a> {
    /// The thinking text, as a string or a list of details. One source only: some servers fill two with the
    /// same text.
    pub fn reasoning(&self) -> Option<&'a RawValue> {
        let texts = [self.reasoning_content, self.reasoning];
        let text = texts.into_iter().flatten().find(|json| text(Some(json)).is_some());
        text.or(self.reasoning_details)
    }

    pub fn refusal(&self) -> Option<EscapedText<'a>> {
        text(self.refusal)
    }
}

impl<'a> ToolCallDelta<'a> {
    pub fn id(&self) -> Option<EscapedText<'a>> {
        text(self.id)
    }
}

impl<'a> FunctionDelta<'a> {
    pub fn name(&self) -> Option<EscapedText<'a>> {
        text(self.name)
    }

    /// The arguments as escaped text; of anything but a string its JSON text.
    pub fn escaped_arguments(&self) -> Cow<'a, str> {
        let Some(json) = self.arguments else {
            return Cow::Borrowed("");
        };
        if let Some(text) = EscapedText::of(json) {
            return Cow::Borrowed(text.escaped());
        }
        let mut quoted = serde_json::to_string(json.get()).unwrap_or_default();
        quoted.pop();
        Cow::Owned(quoted.split_off(1.min(quoted.len())))
    }
}

/// A string that is not empty; everything else counts as absent.
fn text(json: Option<&RawValue>) -> Option<EscapedText<'_>> {
    json.and_then(EscapedText::of).filter(|text| !text.is_empty())
}

/// The texts of a string, or of a list of parts (`text`) or details (`text`, else `summary`), in order.
pub fn texts(json: &RawValue) -> impl Iterator<Item = EscapedText<'_>> {
    let single = text(Some(json));
    let parts: Vec<TextPart<'_>> = if json.get().starts_with('[') {
        serde_json::from_str(json.get()).unwrap_or_default()
    } else {
        Vec::new()
    };
    single.into_iter().chain(
        parts
            .into_iter()
            .filter_map(|part| text(part.text).or_else(|| text(part.summary))),
    )
}

#[derive(Deserialize)]
struct TextPart<'a> {
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    summary: Option<&'a RawValue>,
}

/// Reads the choice with `index` 0 (or none) and skips the others without building them.
#[derive(Debug)]
struct Choices<'a> {
    first: Option<Choice<'a>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Choices<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ChoicesVisitor).map(|first| Self { first })
    }
}

struct ChoicesVisitor;

impl<'de> Visitor<'de> for ChoicesVisitor {
    type Value = Option<Choice<'de>>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a list of choices")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut choices: A) -> Result<Self::Value, A::Error> {
        while let Some(choice) = choices.next_element::<Choice<'de>>()? {
            if choice.index.unwrap_or(0) == 0 {
                while choices.next_element::<IgnoredAny>()?.is_some() {}
                return Ok(Some(choice));
            }
        }
        Ok(None)
    }
}
