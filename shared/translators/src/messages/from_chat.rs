//! A whole chat completion to an Anthropic message (§4).

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::chat::completion::{Choice, ChoiceMessage, Completion};
use crate::chat::parts::{encrypted, texts};
use crate::chat::stream::is_error;
use crate::chat::tool_calls::{PendingCall, PendingCalls, Repetition};
use crate::context::{ResponseContext, ThinkingDisplay};
use crate::error::BackendError;
use crate::json::EscapedText;
use crate::messages::stop_reason::{CallsState, StopFacts, is_unknown, stop_reason};
use crate::messages::wire::message::{
    MessageKind, ResponseBlock, ResponseMessage, Role, StopDetails, StopReason, new_id,
};
use crate::settings::ThinkTags;
use crate::signature;
use crate::stream::Repairs;
use crate::think_tags::{SegmentKind, TagSplitter};
use crate::tool_ids::{Load, ToolIds};
use crate::usage::{Usage, anthropic_service_tier};

/// The message for the client, and what usage records and logs need of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TranslatedResponse {
    pub body: Vec<u8>,
    pub usage: Usage,
    /// Some of the usage is not the backend's own.
    pub usage_is_estimated: bool,
    /// The backend's id of the response, for the log and `x-upstream-id`.
    pub upstream_id: Option<String>,
    /// Tool calls that had to be left out because the backend never named them.
    pub nameless_calls: usize,
    pub repairs: Repairs,
}

/// Translates the body of a backend's response with status 200.
pub fn translate(
    body: &[u8],
    context: &ResponseContext,
    random: &mut dyn FnMut() -> String,
) -> Result<TranslatedResponse, BackendError> {
    let text = String::from_utf8_lossy(body);
    let text_body = text.trim_start_matches('\u{feff}').trim_ascii();
    let told = |silent| BackendError::from_error_object_or(text_body.as_bytes(), &context.errors, silent);
    let Ok(completion) = serde_json::from_str::<Completion<'_>>(text_body) else {
        // A list with an error in it is told (E1), a page of HTML is not.
        let is_list = text_body.starts_with('[');
        return Err(if is_list {
            told(BackendError::unreadable())
        } else {
            BackendError::unreadable()
        });
    };
    if is_error(&completion, text_body.as_bytes()) {
        return Err(told(BackendError::interrupted()));
    }
    let Some(choice) = completion.choice() else {
        // GLM and others respond 200 with a code and a message where the choices should be.
        return Err(told(BackendError::unreadable()));
    };
    let id = new_id(random);
    let response = ResponseContent::of(choice, context, random);
    let matched_stop = choice.matched_stop().map(EscapedText::decode);
    let stop_reason = response.stop_reason(choice, matched_stop.as_deref(), context)?;
    let estimate = Usage::estimate(context.estimated_input_tokens, response.text_bytes());
    let reported = completion.usage();
    let (usage, usage_is_estimated) = Usage::believed(reported, estimate, context.context_window);
    let tier = completion.service_tier.and_then(EscapedText::of);
    let repairs = Repairs {
        invalid_utf8: matches!(text, Cow::Owned(_)),
        absurd_usage: reported.is_some_and(|usage| usage.is_absurd(context.context_window)),
        ..response.repairs(choice, context)
    };
    let message = ResponseMessage {
        id,
        kind: MessageKind::Message,
        role: Role::Assistant,
        model: &context.model,
        content: response.blocks,
        stop_reason: Some(stop_reason),
        stop_sequence: matched_stop.filter(|_| stop_reason == StopReason::StopSequence),
        stop_details: StopDetails::of(stop_reason, response.refusal),
        usage: usage.to_anthropic(tier.and_then(|tier| anthropic_service_tier(tier.escaped()))),
    };
    Ok(TranslatedResponse {
        body: serde_json::to_vec(&message).map_err(|_| BackendError::unreadable())?,
        usage,
        usage_is_estimated,
        upstream_id: completion.id().filter(|id| !context.errors.secrets.are_in(id)),
        nameless_calls: response.nameless_calls,
        repairs,
    })
}

/// The content of a response, as blocks in the order thinking, text, refusal, calls.
struct ResponseContent<'a> {
    blocks: Vec<ResponseBlock<'a>>,
    /// The text of a refusal, as a JSON string.
    refusal: Option<Box<RawValue>>,
    calls: CallsState,
    nameless_calls: usize,
    has_junk: bool,
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
            has_junk: false,
            hidden_bytes: 0,
        };
        let Some(message) = choice.message().or(choice.delta.0.as_ref()) else {
            return response;
        };
        let calls = calls(message);
        let (mut thinking, mut text) = thinking_and_text(message, context.think_tags);
        let says_nothing_else = text.is_none() && message.refusal().is_none() && calls.list.is_empty();
        if context.thinking_is_unasked && says_nothing_else {
            // Servers that do not know a model's tags take all of its text for thinking (B10.6).
            text = thinking.take();
        }
        let details = details(message, context);
        response.think(thinking, details.as_deref(), context.thinking, random);
        response.blocks.extend(text.map(|text| ResponseBlock::Text { text }));
        if let Some(refusal) = message.refusal() {
            response.refusal = quoted(refusal.escaped());
            response
                .blocks
                .extend(quoted(refusal.escaped()).map(|text| ResponseBlock::Text { text: Cow::Owned(text) }));
        }
        let details = details.filter(|_| context.thinking == ThinkingDisplay::Discarded);
        response.call(calls, details, context, random);
        response
    }

    fn think(
        &mut self,
        thinking: Option<Cow<'a, RawValue>>,
        details: Option<&RawValue>,
        display: ThinkingDisplay,
        random: &mut dyn FnMut() -> String,
    ) {
        if thinking.is_none() && (details.is_none() || display == ThinkingDisplay::Discarded) {
            return;
        }
        let text = thinking.or_else(|| quoted("").map(Cow::Owned));
        let Some(text) = text else { return };
        if display != ThinkingDisplay::Shown {
            self.hidden_bytes = text.get().len();
        }
        let hidden = EscapedText::of(&text).unwrap_or(EscapedText::EMPTY);
        let (thinking, signature) = match (display, details) {
            (ThinkingDisplay::Shown, None) => (Some(text), signature::opaque(random)),
            (ThinkingDisplay::Shown, Some(details)) => {
                (Some(text), signature::carrying_details(EscapedText::EMPTY, details))
            }
            (ThinkingDisplay::Omitted, details) => {
                let carrying = |details| signature::carrying_details(hidden, details);
                let signature = details.map_or_else(|| signature::carrying(hidden), carrying);
                (quoted("").map(Cow::Owned), signature)
            }
            (ThinkingDisplay::Discarded, _) => return,
        };
        self.blocks
            .extend(thinking.map(|thinking| ResponseBlock::Thinking { thinking, signature }));
    }

    /// The calls, by the same rules as in a stream (B2, B3). `details` travel with the first.
    fn call(
        &mut self,
        mut calls: PendingCalls,
        mut details: Option<Box<RawValue>>,
        context: &ResponseContext,
        random: &mut dyn FnMut() -> String,
    ) {
        let mut ids = ToolIds::new(context.used_ids.clone());
        for index in 0..calls.list.len() {
            if calls.repetition(index, true) == Repetition::Yes {
                continue;
            }
            let call = &mut calls.list[index];
            self.has_junk |= call.arguments.has_junk();
            if call.name.is_empty() {
                self.nameless_calls += 1;
                continue;
            }
            if call.arguments.is_cut() {
                // Nobody should run half of a call (B3.2).
                self.calls = CallsState::Cut;
                continue;
            }
            let Some(input) = input(call) else { continue };
            let details = details.take();
            let load = Load {
                extra_content: call.extra_content.as_deref(),
                reasoning_details: details.as_deref(),
            };
            let id = ids.give(&call.id, load, random);
            let name = context.names.to_client(&call.name).into_owned();
            self.blocks.push(ResponseBlock::ToolUse { id, name, input });
            if self.calls == CallsState::None {
                self.calls = CallsState::Complete;
            }
        }
    }

    fn repairs(&self, choice: &Choice<'_>, context: &ResponseContext) -> Repairs {
        let reason = choice.finish_reason().map(EscapedText::decode);
        let unknown = reason.filter(|reason| is_unknown(reason));
        Repairs {
            junk_behind_arguments: self.has_junk,
            unknown_finish_reason: unknown.map(|reason| context.errors.secrets.clean(&reason)),
            ..Repairs::default()
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
    let reasoning = message
        .reasoning()
        .and_then(whole_text)
        .or_else(|| of_parts(message, true));
    let string = message.content().filter(|content| EscapedText::of(content).is_some());
    let content = string.and_then(whole_text).or_else(|| of_parts(message, false));
    let (Some(text), Some(mut splitter)) = (&content, TagSplitter::new(tags)) else {
        return (reasoning, content);
    };
    if reasoning.is_some() {
        splitter.expect_text();
    }
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

/// The texts of the parts of a message that are thinking, or are not (T1).
fn of_parts<'a>(message: &ChoiceMessage<'a>, thinking: bool) -> Text<'a> {
    let parts = message.parts().filter(|part| part.is_thinking == thinking);
    let text: String = parts.map(|part| part.text.escaped()).collect();
    if text.is_empty() {
        None
    } else {
        quoted(&text).map(Cow::Owned)
    }
}

/// The encrypted reasoning of a message as a list, where it is kept (B10.5).
fn details(message: &ChoiceMessage<'_>, context: &ResponseContext) -> Option<Box<RawValue>> {
    let details = message.reasoning_details.filter(|_| context.keeps_reasoning_details)?;
    let items: Vec<&RawValue> = encrypted(details).collect();
    let list = || serde_json::value::to_raw_value(&items).ok();
    if items.is_empty() { None } else { list() }
}

fn calls(message: &ChoiceMessage<'_>) -> PendingCalls {
    let mut calls = PendingCalls::default();
    for call in message.calls() {
        calls.add_whole(&call);
    }
    calls
}

/// A call's input. Text that is no object is handed on as text, so that the tool's own validation can show the
/// model its mistake (B3.3).
fn input(call: &mut PendingCall) -> Option<Box<RawValue>> {
    let escaped = call.arguments.take_last().unwrap_or_else(|| "{}".to_owned());
    let text = EscapedText::from_escaped(&escaped).decode();
    let parsed = RawValue::from_string(text.trim().to_owned()).ok();
    let raw = || RawValue::from_string(format!("{{\"raw_arguments\":\"{escaped}\"}}")).ok();
    parsed.or_else(raw)
}

/// A JSON string of text that is escaped already.
fn quoted(escaped: &str) -> Option<Box<RawValue>> {
    RawValue::from_string(format!("\"{escaped}\"")).ok()
}
