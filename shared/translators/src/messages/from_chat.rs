//! A whole chat completion to an Anthropic message (§4).

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::chat::completion::{self, Choice, Completion, Function, texts};
use crate::context::{AnswerContext, Thinking};
use crate::error::BackendError;
use crate::json::EscapedText;
use crate::messages::stop_reason::{self, Ending};
use crate::messages::wire::message::new_id;
use crate::messages::wire::message::{Block, Message, MessageKind, Role, StopDetails, StopReason};
use crate::settings::ThinkTags;
use crate::signature;
use crate::think_tags::{Part, TagSplitter};
use crate::tool_ids::ToolIds;
use crate::usage::{Usage, anthropic_service_tier};

/// The message for the client, and what the gateway notes about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub body: Vec<u8>,
    pub usage: Usage,
    /// The backend told no usage.
    pub usage_is_estimated: bool,
    pub stop_reason: StopReason,
    /// The backend's id of the answer, for the log and `x-upstream-id`.
    pub upstream_id: Option<String>,
    /// Tool calls that had to be left out because the backend never named them.
    pub nameless_calls: usize,
}

/// Translates the body of a backend's answer with status 200.
pub fn to_message(
    body: &[u8],
    context: &AnswerContext,
    random: &mut dyn FnMut() -> String,
) -> Result<Answer, BackendError> {
    let completion: Completion<'_> = serde_json::from_slice(body).map_err(|_| BackendError::unreadable())?;
    if completion.is_error() {
        return Err(BackendError::from_error_object(body));
    }
    let (Some(choice), usage) = (completion.choice(), completion.usage()) else {
        // GLM and others answer 200 with a code and a message where the choices should be.
        return Err(BackendError::from_error_object(body));
    };
    let id = new_id(random);
    let said = Said::of(choice, context, random);
    let matched_stop = choice.matched_stop().map(EscapedText::decode);
    let stop_reason = said.stop_reason(choice, matched_stop.as_deref(), context)?;
    let estimate = || Usage::estimate(context.estimated_input_tokens, said.text_bytes());
    let known_usage = usage.unwrap_or_else(estimate);
    let tier = completion.service_tier.and_then(EscapedText::of);
    let message = Message {
        id,
        kind: MessageKind::Message,
        role: Role::Assistant,
        model: &context.model,
        content: said.blocks,
        stop_reason: Some(stop_reason),
        stop_sequence: matched_stop.filter(|_| stop_reason == StopReason::StopSequence),
        stop_details: StopDetails::of(stop_reason, said.refusal),
        usage: known_usage.to_anthropic(tier.and_then(|tier| anthropic_service_tier(tier.escaped()))),
    };
    Ok(Answer {
        body: serde_json::to_vec(&message).map_err(|_| BackendError::unreadable())?,
        usage: known_usage,
        usage_is_estimated: usage.is_none(),
        stop_reason,
        upstream_id: completion.id(),
        nameless_calls: said.nameless_calls,
    })
}

/// What the model said, as blocks in the order thinking, text, refusal, calls.
struct Said<'a> {
    blocks: Vec<Block<'a>>,
    /// The text of a refusal, as a JSON string.
    refusal: Option<Box<RawValue>>,
    calls: stop_reason::Calls,
    nameless_calls: usize,
    /// How much the model thought that the client does not see.
    hidden_bytes: usize,
}

impl<'a> Said<'a> {
    fn of(choice: &Choice<'a>, context: &AnswerContext, random: &mut dyn FnMut() -> String) -> Self {
        let mut said = Self {
            blocks: Vec::new(),
            refusal: None,
            calls: stop_reason::Calls::None,
            nameless_calls: 0,
            hidden_bytes: 0,
        };
        let Some(message) = &choice.message else {
            return said;
        };
        let (thinking, text) = thinking_and_text(message, context.think_tags);
        said.think(thinking, context.thinking, random);
        said.blocks.extend(text.map(|text| Block::Text { text }));
        if let Some(refusal) = message.refusal() {
            said.refusal = quoted(refusal.escaped());
            said.blocks
                .extend(quoted(refusal.escaped()).map(|text| Block::Text { text: Cow::Owned(text) }));
        }
        let cut = choice
            .finish_reason()
            .is_some_and(|reason| reason.escaped() == "length");
        said.call(message, cut, context, random);
        said
    }

    fn think(&mut self, thinking: Option<Cow<'a, RawValue>>, shown: Thinking, random: &mut dyn FnMut() -> String) {
        let Some(text) = thinking else { return };
        if shown != Thinking::Shown {
            self.hidden_bytes = text.get().len();
        }
        let (thinking, signature) = match shown {
            Thinking::Shown => (Some(text), signature::opaque(random)),
            Thinking::Omitted => {
                let hidden = EscapedText::of(&text).unwrap_or(EscapedText::EMPTY);
                (quoted("").map(Cow::Owned), signature::carrying(hidden))
            }
            Thinking::Discarded => return,
        };
        self.blocks
            .extend(thinking.map(|thinking| Block::Thinking { thinking, signature }));
    }

    fn call(
        &mut self,
        message: &completion::Message<'_>,
        cut: bool,
        context: &AnswerContext,
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
            self.blocks.push(Block::ToolUse { id, name, input });
            self.calls = stop_reason::Calls::Complete;
        }
    }

    fn stop_reason(
        &self,
        choice: &Choice<'_>,
        matched_stop: Option<&str>,
        context: &AnswerContext,
    ) -> Result<StopReason, BackendError> {
        let finish_reason = choice.finish_reason().map(EscapedText::decode);
        let ending = Ending {
            finish_reason: finish_reason.as_deref(),
            matched_stop,
            calls: self.calls,
            refused: self.refusal.is_some(),
        };
        stop_reason::stop_reason(ending, &context.stop_sequences)
    }

    fn text_bytes(&self) -> usize {
        let bytes = |block: &Block<'_>| match block {
            Block::Thinking { thinking: json, .. } | Block::Text { text: json } => json.get().len() - 2,
            Block::ToolUse { input, .. } => input.get().len(),
        };
        self.hidden_bytes + self.blocks.iter().map(bytes).sum::<usize>()
    }
}

type Text<'a> = Option<Cow<'a, RawValue>>;

/// The texts of a message; a thinking part of its content is taken out if the backend leaves it there.
fn thinking_and_text<'a>(message: &completion::Message<'a>, tags: ThinkTags) -> (Text<'a>, Text<'a>) {
    let reasoning = message.reasoning().and_then(whole_text);
    let content = message.content.and_then(whole_text);
    let (Some(text), ThinkTags::Parse) = (&content, tags) else {
        return (reasoning, content);
    };
    let mut splitter = TagSplitter::default();
    let text = EscapedText::of(text).unwrap_or(EscapedText::EMPTY);
    let parts = [splitter.split(text), splitter.flush()].concat();
    let of = |kind| {
        let texts: String = parts
            .iter()
            .filter(|(part, _)| *part == kind)
            .map(|(_, text)| text.as_str())
            .collect();
        Some(texts)
            .filter(|text| !text.is_empty())
            .and_then(|text| quoted(&text))
            .map(Cow::Owned)
    };
    (reasoning.or_else(|| of(Part::Thinking)), of(Part::Text))
}

/// All the text of a string or a list of parts as one JSON string; `None` if there is none.
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
fn input(function: &Function<'_>, cut: bool) -> Option<Box<RawValue>> {
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
