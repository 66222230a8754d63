//! A whole chat completion to an Anthropic message (§4).

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::chat::completion::{Choice, ChoiceMessage, Completion, FunctionDelta, texts};
use crate::context::{ResponseContext, ThinkingDisplay};
use crate::error::BackendError;
use crate::json::EscapedText;
use crate::messages::stop_reason::{CallsState, StopFacts, stop_reason};
use crate::messages::wire::message::{
    MessageKind, ResponseBlock, ResponseMessage, Role, StopDetails, StopReason, new_id,
};
use crate::settings::ThinkTags;
use crate::signature;
use crate::think_tags::{SegmentKind, TagSplitter};
use crate::tool_ids::ToolIds;
use crate::usage::{Usage, anthropic_service_tier};

/// The message for the client, and what usage records and logs need of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TranslatedResponse {
    pub body: Vec<u8>,
    pub usage: Usage,
    /// The backend reported no usage.
    pub usage_is_estimated: bool,
    /// The backend's id of the response, for the log and `x-upstream-id`.
    pub upstream_id: Option<String>,
    /// Tool calls that had to be left out because the backend never named them.
    pub nameless_calls: usize,
}

/// Translates the body of a backend's response with status 200.
pub fn translate(
    body: &[u8],
    context: &ResponseContext,
    random: &mut dyn FnMut() -> String,
) -> Result<TranslatedResponse, BackendError> {
    let completion: Completion<'_> = serde_json::from_slice(body).map_err(|_| BackendError::unreadable())?;
    if completion.is_error() {
        return Err(BackendError::from_error_object(body));
    }
    let (Some(choice), usage) = (completion.choice(), completion.usage()) else {
        // GLM and others respond 200 with a code and a message where the choices should be.
        return Err(BackendError::from_error_object(body));
    };
    let id = new_id(random);
    let response = ResponseContent::of(choice, context, random);
    let matched_stop = choice.matched_stop().map(EscapedText::decode);
    let stop_reason = response.stop_reason(choice, matched_stop.as_deref(), context)?;
    let estimate = || Usage::estimate(context.estimated_input_tokens, response.text_bytes());
    let known_usage = usage.unwrap_or_else(estimate);
    let tier = completion.service_tier.and_then(EscapedText::of);
    let message = ResponseMessage {
        id,
        kind: MessageKind::Message,
        role: Role::Assistant,
        model: &context.model,
        content: response.blocks,
        stop_reason: Some(stop_reason),
        stop_sequence: matched_stop.filter(|_| stop_reason == StopReason::StopSequence),
        stop_details: StopDetails::of(stop_reason, response.refusal),
        usage: known_usage.to_anthropic(tier.and_then(|tier| anthropic_service_tier(tier.escaped()))),
    };
    Ok(TranslatedResponse {
        body: serde_json::to_vec(&message).map_err(|_| BackendError::unreadable())?,
        usage: known_usage,
        usage_is_estimated: usage.is_none(),
        upstream_id: completion.id(),
        nameless_calls: response.nameless_calls,
    })
}

/// The content of a response, as blocks in the order thinking, text, refusal, calls.
struct ResponseContent<'a> {
    blocks: Vec<ResponseBlock<'a>>,
    /// The text of a refusal, as a JSON string.
    refusal: Option<Box<RawValue>>,
    calls: CallsState,
    nameless_calls: usize,
    /// Bytes of thinking that the client does not see.
    hidden_bytes: usize,
}

impl<'a> ResponseContent<'a> {
    fn of(choice: &Choice<'a>, context: &ResponseContext, random: &mut dyn FnMut() -> String) -> Self {
        let mut response = Self {
            blocks: Vec::new(),
            refusal: None,
            calls: CallsState::None,
            nameless_calls: 0,
            hidden_bytes: 0,
        };
        let Some(message) = &choice.message else {
            return response;
        };
        let (thinking, text) = thinking_and_text(message, context.think_tags);
        response.think(thinking, context.thinking, random);
        response.blocks.extend(text.map(|text| ResponseBlock::Text { text }));
        if let Some(refusal) = message.refusal() {
            response.refusal = quoted(refusal.escaped());
            response
                .blocks
                .extend(quoted(refusal.escaped()).map(|text| ResponseBlock::Text { text: Cow::Owned(text) }));
        }
        let cut = choice
            .finish_reason()
            .is_some_and(|reason| reason.escaped() == "length");
        response.call(message, cut, context, random);
        response
    }

    fn think(
        &mut self,
        thinking: Option<Cow<'a, RawValue>>,
        display: ThinkingDisplay,
        random: &mut dyn FnMut() -> String,
    ) {
        let Some(text) = thinking else { return };
        if display != ThinkingDisplay::Shown {
            self.hidden_bytes = text.get().len();
        }
        let (thinking, signature) = match display {
            ThinkingDisplay::Shown => (Some(text), signature::opaque(random)),
            ThinkingDisplay::Omitted => {
                let hidden = EscapedText::of(&text).unwrap_or(EscapedText::EMPTY);
                (quoted("").map(Cow::Owned), signature::carrying(hidden))
            }
            ThinkingDisplay::Discarded => return,
        };
        self.blocks
            .extend(thinking.map(|thinking| ResponseBlock::Thinking { thinking, signature }));
    }

    fn call(
        &mut self,
        message: &ChoiceMessage<'_>,
        cut: bool,
        context: &ResponseContext,
        random: &mut dyn FnMut() -> String,
    ) {
        let mut ids = ToolIds::default();
        let legacy = message.function_call.map(|function| (None, function));
        let calls = message
            .tool_calls
            .iter()
            .flatten()
            .filter_map(|call| Some((call.id(), call.function?)));
        for (id, function) in legacy.into_iter().chain(calls) {
            let Some(name) = function.name() else {
                self.nameless_calls += 1;
                continue;
            };
            let Some(input) = input(&function, cut) else {
                continue;
            };
            let id = ids.give(&id.map(EscapedText::decode).unwrap_or_default(), random);
            let name = context.names.to_client(&name.decode()).into_owned();
            self.blocks.push(ResponseBlock::ToolUse { id, name, input });
            self.calls = CallsState::Complete;
        }
    }

    fn stop_reason(
        &self,
        choice: &Choice<'_>,
        matched_stop: Option<&str>,
        context: &ResponseContext,
    ) -> Result<StopReason, BackendError> {
        let finish_reason = choice.finish_reason().map(EscapedText::decode);
        let facts = StopFacts {
            finish_reason: finish_reason.as_deref(),
            matched_stop,
            calls: self.calls,
            refused: self.refusal.is_some(),
        };
        stop_reason(facts, &context.stop_sequences)
    }

    fn text_bytes(&self) -> usize {
        let bytes = |block: &ResponseBlock<'_>| match block {
            ResponseBlock::Thinking { thinking: json, .. } | ResponseBlock::Text { text: json } => json.get().len() - 2,
            ResponseBlock::ToolUse { input, .. } => input.get().len(),
        };
        self.hidden_bytes + self.blocks.iter().map(bytes).sum::<usize>()
    }
}

type Text<'a> = Option<Cow<'a, RawValue>>;

/// The texts of a message; a thinking part of its content is taken out if the backend leaves it there.
fn thinking_and_text<'a>(message: &ChoiceMessage<'a>, tags: ThinkTags) -> (Text<'a>, Text<'a>) {
    let reasoning = message.reasoning().and_then(whole_text);
    let content = message.content.and_then(whole_text);
    let (Some(text), ThinkTags::Parse) = (&content, tags) else {
        return (reasoning, content);
    };
    let mut splitter = TagSplitter::default();
    let text = EscapedText::of(text).unwrap_or(EscapedText::EMPTY);
    let segments = [splitter.split(text), splitter.flush()].concat();
    let of = |wanted| {
        let texts: String = segments
            .iter()
            .filter(|(kind, _)| *kind == wanted)
            .map(|(_, text)| text.as_str())
            .collect();
        Some(texts)
            .filter(|text| !text.is_empty())
            .and_then(|text| quoted(&text))
            .map(Cow::Owned)
    };
    (reasoning.or_else(|| of(SegmentKind::Thinking)), of(SegmentKind::Text))
}

/// All the text of a string or a list of segments as one JSON string; `None` if there is none.
fn whole_text(json: &RawValue) -> Option<Cow<'_, RawValue>> {
    if let Some(text) = EscapedText::of(json) {
        return (!text.is_empty()).then_some(Cow::Borrowed(json));
    }
    let text: String = texts(json).map(EscapedText::escaped).collect();
    if text.is_empty() {
        None
    } else {
        quoted(&text).map(Cow::Owned)
    }
}

/// A call's input. Text that is no object is handed on as text, so that the tool's own validation can show the
/// model its mistake; `None` leaves out a call that the length limit broke.
fn input(function: &FunctionDelta<'_>, cut: bool) -> Option<Box<RawValue>> {
    let escaped = function.escaped_arguments();
    let text = EscapedText::from_escaped(&escaped).decode();
    match text.trim() {
        "" | "null" => RawValue::from_string("{}".to_owned()).ok(),
        object if object.starts_with('{') => {
            let parsed = RawValue::from_string(object.to_owned()).ok();
            parsed.or_else(|| raw_arguments(&escaped, cut))
        }
        _ => raw_arguments(&escaped, cut),
    }
}

fn raw_arguments(escaped: &str, cut: bool) -> Option<Box<RawValue>> {
    let wrap = || RawValue::from_string(format!("{{\"raw_arguments\":\"{escaped}\"}}")).ok();
    if cut { None } else { wrap() }
}

/// A JSON string of text that is escaped already.
fn quoted(escaped: &str) -> Option<Box<RawValue>> {
    RawValue::from_string(format!("\"{escaped}\"")).ok()
}
