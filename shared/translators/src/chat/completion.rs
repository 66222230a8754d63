//! A chat completion as backends write it, whole or as one chunk of a stream: the two differ only in
//! `message` and `delta`.
//!
//! Only what translation needs is read, and what vendors spell differently stays raw JSON, so that an odd
//! value in a field that nobody asks for never breaks an answer (B5).

use std::borrow::Cow;

use serde::de::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::parts::{Part, parts};
use crate::error::says_something;
use crate::json::{EscapedText, Lenient, LenientList, Raw, Whole, lenient, lenient_object, ordinal};
use crate::usage::{ServedTier, Usage};

lenient_object! {
    pub Completion {
        id: Raw<'a> = b"id",
        object: Raw<'a> = b"object",
        error: Raw<'a> = b"error",
        base_resp: Raw<'a> = b"base_resp",
        pub service_tier: Raw<'a> = b"service_tier",
        choices: LenientList<Choice<'a>> = b"choices",
        usage: Raw<'a> = b"usage",
    }
}

lenient_object! {
    pub Choice {
        index: Raw<'a> = b"index",
        pub delta: Lenient<ChoiceMessage<'a>> = b"delta",
        message: Lenient<ChoiceMessage<'a>> = b"message",
        finish_reason: Raw<'a> = b"finish_reason",
        /// OpenRouter: the provider has failed.
        error: Raw<'a> = b"error",
        /// vLLM: the matched stop sequence, or the number of a stop token.
        stop_reason: Raw<'a> = b"stop_reason",
        /// SGLang: the same.
        matched_stop: Raw<'a> = b"matched_stop",
        /// Kimi puts the usage of a stream here.
        usage: Raw<'a> = b"usage",
    }
}

lenient_object! {
    /// A `message`, or a `delta` of one.
    pub ChoiceMessage {
        /// A string or a list of parts.
        pub content: Raw<'a> = b"content",
        pub refusal: Raw<'a> = b"refusal",
        pub reasoning_content: Raw<'a> = b"reasoning_content",
        pub reasoning: Raw<'a> = b"reasoning",
        pub reasoning_details: Raw<'a> = b"reasoning_details",
        pub tool_calls: LenientList<ToolCallDelta<'a>> = b"tool_calls",
        /// The spelling before there were tools: a call without id.
        pub function_call: Lenient<FunctionDelta<'a>> = b"function_call",
    }
}

lenient_object! {
    /// A whole call, or a piece of one.
    pub ToolCallDelta {
        pub index: Raw<'a> = b"index",
        pub id: Raw<'a> = b"id",
        pub function: Lenient<FunctionDelta<'a>> = b"function",
        /// What the vendor wants back with the call (ID4).
        pub extra_content: Raw<'a> = b"extra_content",
    }
}

lenient_object! {
    #[derive(Clone, Copy)]
    pub FunctionDelta {
        pub name: Raw<'a> = b"name",
        /// JSON text in a string; some backends write the object itself.
        pub arguments: Raw<'a> = b"arguments",
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Completion<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Whole::deserialize(deserializer).map(|Whole(completion)| completion)
    }
}

lenient_object! {
    /// `MiniMax`'s status beside its answers.
    BaseResp {
        status_code: Raw<'a> = b"status_code",
    }
}

/// Chunks that the readers of other dialects make.
impl<'a> Completion<'a> {
    /// A chunk that tells only the backend's id of the response.
    pub fn of_id(id: Raw<'a>) -> Self {
        Self { id, ..Self::default() }
    }

    pub fn of_delta(delta: ChoiceMessage<'a>) -> Self {
        Self::of_choice(Choice {
            delta: Lenient(Some(delta)),
            ..Choice::default()
        })
    }

    pub fn of_finish(finish_reason: Raw<'a>) -> Self {
        Self::of_choice(Choice {
            finish_reason,
            ..Choice::default()
        })
    }

    fn of_choice(choice: Choice<'a>) -> Self {
        Self {
            choices: LenientList(vec![choice]),
            ..Self::default()
        }
    }
}

impl<'a> Completion<'a> {
    /// The choice with `index` 0, or without a readable one; others are read over.
    pub fn choice(&self) -> Option<&Choice<'a>> {
        self.choices
            .0
            .iter()
            .find(|choice| ordinal(choice.index).unwrap_or(0) == 0)
    }

    /// All choices with their place.
    pub fn choices(&self) -> impl Iterator<Item = (u64, &Choice<'a>)> {
        self.choices
            .0
            .iter()
            .map(|choice| (ordinal(choice.index).unwrap_or(0), choice))
    }

    /// The backend's name for the answer.
    pub fn id(&self) -> Option<String> {
        text(self.id).map(|id| id.decode().into_owned())
    }

    pub fn usage(&self) -> Option<Usage> {
        let of_choice = || self.choice().and_then(|choice| choice.usage);
        let usage = Usage::from_chat(self.usage.or_else(of_choice)?)?;
        Some(usage.served_in(self.tier()))
    }

    /// The tier in which it was served, if that is told.
    pub fn tier(&self) -> Option<ServedTier> {
        ServedTier::named(self.service_tier)
    }

    /// True if this is an error in place of an answer: by its `error` member, or as vLLM, OpenRouter and others mark it
    /// (B4.1, B6.1).
    pub fn is_error(&self) -> bool {
        self.error.is_some_and(says_something)
            || self.object.is_some_and(|object| object.get() == "\"error\"")
            || self.base_resp.is_some_and(is_refusal)
            || self.choices.0.iter().any(Choice::is_error)
    }
}

impl Completion<'_> {
    /// True if there is neither a choice nor usage.
    pub fn has_no_answer(&self) -> bool {
        self.choices.0.is_empty() && self.usage.is_none()
    }
}

/// `MiniMax`'s 0 is a success.
fn is_refusal(base_resp: &RawValue) -> bool {
    let status: Option<BaseResp<'_>> = lenient(base_resp);
    status
        .and_then(|status| ordinal(status.status_code))
        .is_some_and(|code| code != 0)
}

impl<'a> Choice<'a> {
    /// Why the model stopped. The empty string counts as absent (§5.5).
    pub fn finish_reason(&self) -> Option<EscapedText<'a>> {
        text(self.finish_reason)
    }

    /// The stop sequence that ended the text, where the backend tells. A number is a token, not a sequence.
    pub fn matched_stop(&self) -> Option<EscapedText<'a>> {
        text(self.stop_reason).or_else(|| text(self.matched_stop))
    }

    /// The whole message of a response that is not streamed.
    pub fn message(&self) -> Option<&ChoiceMessage<'a>> {
        self.message.0.as_ref()
    }

    fn is_error(&self) -> bool {
        self.error.is_some_and(says_something)
    }
}

impl<'a> ChoiceMessage<'a> {
    /// The thinking text, as a string or a list of details. One source only: some servers fill two with the
    /// same text.
    pub fn reasoning(&self) -> Raw<'a> {
        let texts = [self.reasoning_content, self.reasoning];
        let text = texts.into_iter().flatten().find(|json| text(Some(json)).is_some());
        text.or(self.reasoning_details)
    }

    /// The thinking that stands beside the content, where the entries of `reasoning_details` come by themselves (H2).
    pub fn thoughts(&self) -> impl Iterator<Item = EscapedText<'a>> + use<'a> {
        let texts = [self.reasoning_content, self.reasoning];
        texts.into_iter().find_map(text).into_iter()
    }

    /// The texts of `content` in order, thinking among them (T1).
    pub fn parts(&self) -> impl Iterator<Item = Part<'a>> + use<'a> {
        self.content.into_iter().flat_map(parts)
    }

    pub fn content(&self) -> Raw<'a> {
        self.content
    }

    pub fn refusal(&self) -> Option<EscapedText<'a>> {
        text(self.refusal)
    }
}

impl<'a> ToolCallDelta<'a> {
    pub fn id(&self) -> Option<EscapedText<'a>> {
        text(self.id)
    }

    pub fn index(&self) -> Option<u64> {
        ordinal(self.index)
    }

    pub fn function(&self) -> FunctionDelta<'a> {
        self.function.0.unwrap_or_default()
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
fn text(json: Raw<'_>) -> Option<EscapedText<'_>> {
    json.and_then(EscapedText::of).filter(|text| !text.is_empty())
}
