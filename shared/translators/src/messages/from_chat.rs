//! A whole chat completion to an Anthropic message (§4).

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::chat::completion::{Choice, ChoiceMessage};
use crate::chat::finish_reason::is_unknown;
use crate::chat::parts::wanted_back;
use crate::chat::tool_calls::{CallsState, PendingCall, PendingCalls, Repetition};
use crate::context::{ResponseContext, ThinkingDisplay};
use crate::error::BackendError;
use crate::json::EscapedText;
use crate::messages::chat_text::{quoted, thinking_and_text};
use crate::messages::signature::Signer;
use crate::messages::stop_reason::{StopFacts, stop_reason};
use crate::messages::wire::message::{
    MessageKind, ResponseBlock, ResponseMessage, Role, StopDetails, StopReason, new_id,
};
use crate::sealed::Unsealed;
use crate::stream::{Repairs, list};
use crate::tool_ids::{Load, ToolIds};
use crate::translated::TranslatedResponse;
use crate::usage::Usage;
use crate::whole;

/// Translates the body of a backend's response with status 200.
pub fn translate(
    body: &[u8],
    context: &ResponseContext,
    random: &mut dyn FnMut() -> String,
) -> Result<TranslatedResponse, BackendError> {
    let text = String::from_utf8_lossy(body);
    let completion = whole::read(&text, &context.errors)?;
    let choice = whole::choice(&completion, &text, &context.errors)?;
    let id = new_id(random);
    let response = ResponseContent::of(choice, context, random);
    let matched_stop = choice.matched_stop().map(EscapedText::decode);
    let stop_reason = response.stop_reason(choice, matched_stop.as_deref(), context)?;
    let estimate = Usage::estimate(context.estimated_input_tokens, response.text_bytes());
    let reported = completion.usage();
    let (usage, usage_is_estimated) = Usage::believed(reported, estimate, context.context_window);
    let usage = usage.served_in(completion.tier());
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
        usage: usage.to_anthropic(),
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
    /// Why thinking that the backend wants back was not sealed.
    unsealed: Option<Unsealed>,
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
            unsealed: None,
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
        response.think(thinking, &details, context, random);
        response.blocks.extend(text.map(|text| ResponseBlock::Text { text }));
        if let Some(refusal) = message.refusal() {
            response.refusal = quoted(refusal.escaped());
            response
                .blocks
                .extend(quoted(refusal.escaped()).map(|text| ResponseBlock::Text { text: Cow::Owned(text) }));
        }
        let is_unsaid = context.thinking == ThinkingDisplay::Discarded;
        let details = if is_unsaid { list(&details) } else { None };
        response.call(calls, details, context, random);
        response
    }

    fn think(
        &mut self,
        thinking: Option<Cow<'a, RawValue>>,
        details: &[String],
        context: &ResponseContext,
        random: &mut dyn FnMut() -> String,
    ) {
        let display = context.thinking;
        if thinking.is_none() && (details.is_empty() || display == ThinkingDisplay::Discarded) {
            return;
        }
        let text = thinking.or_else(|| quoted("").map(Cow::Owned));
        let Some(text) = text else { return };
        if display != ThinkingDisplay::Shown {
            self.hidden_bytes = text.get().len();
        }
        let mut signer = Signer::new(context);
        let (thinking, signature) = match display {
            ThinkingDisplay::Shown => (Some(text), signer.sign(EscapedText::EMPTY, details, random)),
            ThinkingDisplay::Omitted => {
                let hidden = EscapedText::of(&text).unwrap_or(EscapedText::EMPTY);
                (quoted("").map(Cow::Owned), signer.sign(hidden, details, random))
            }
            ThinkingDisplay::Discarded => return,
        };
        self.unsealed = signer.unsealed();
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
            unsealed_reasoning: self.unsealed,
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

/// The encrypted reasoning of a message, the items of a list, where it is kept (B10.5).
fn details(message: &ChoiceMessage<'_>, context: &ResponseContext) -> Vec<String> {
    let details = message.reasoning_details.filter(|_| context.keeps_reasoning_details);
    let items = details.into_iter().flat_map(wanted_back);
    items.map(|item| item.get().to_owned()).collect()
}

fn calls(message: &ChoiceMessage<'_>) -> PendingCalls {
    let mut calls = PendingCalls::default();
    for call in message.call_pieces() {
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
