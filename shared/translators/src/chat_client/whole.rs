//! Writes a response as one chat completion (O30 to O32), which is complete when the response is.

use bytes::{BufMut as _, BytesMut};
use serde::Serialize;
use serde_json::value::RawValue;

use super::calls::{CallEvent, Calls};
use super::finish::{Head, finish_reason};
use crate::chat::completion::ChoiceMessage;
use crate::context::{RandomText, ResponseContext};
use crate::error::BackendError;
use crate::json::EscapedText;
use crate::stream::{Finish, Received, StreamWriter};
use crate::usage::{ChatUsageOut, ServedTier, Usage};

/// Gathers the deltas, and writes nothing before the end.
pub(crate) struct WholeWriter {
    head: Head,
    content: Text,
    reasoning: Text,
    refusal: Text,
    details: Vec<Box<RawValue>>,
    calls: Calls,
    written_calls: Vec<Call>,
    text_bytes: usize,
}

/// Text in its escapes.
#[derive(Debug, Default)]
struct Text(String);

#[derive(Debug)]
struct Call {
    id: String,
    name: String,
    /// The arguments of a function, or the input of a custom tool.
    text: Text,
    is_custom: bool,
}

#[derive(Serialize)]
struct Completion<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    model: &'a str,
    choices: [Choice<'a>; 1],
    usage: ChatUsageOut,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'static str>,
}

#[derive(Serialize)]
struct Choice<'a> {
    index: usize,
    message: Message<'a>,
    finish_reason: &'static str,
    logprobs: Option<()>,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    reasoning_details: &'a [Box<RawValue>],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<WrittenCall<'a>>,
}

#[derive(Serialize)]
struct WrittenCall<'a> {
    id: &'a str,
    #[serde(flatten)]
    kind: CallKind<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum CallKind<'a> {
    Function { function: Function<'a> },
    Custom { custom: Custom<'a> },
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    arguments: Option<Box<RawValue>>,
}

#[derive(Serialize)]
struct Custom<'a> {
    name: &'a str,
    input: Option<Box<RawValue>>,
}

impl WholeWriter {
    pub(crate) fn new(mut context: ResponseContext, mut random: RandomText) -> Self {
        Self {
            head: Head::of(&mut context, &mut random),
            content: Text::default(),
            reasoning: Text::default(),
            refusal: Text::default(),
            details: Vec::new(),
            calls: Calls::new(&mut context, random),
            written_calls: Vec::new(),
            text_bytes: 0,
        }
    }

    fn message_object(&self) -> Message<'_> {
        Message {
            role: "assistant",
            content: self.content.json(),
            refusal: self.refusal.json(),
            reasoning_content: self.reasoning.json(),
            reasoning_details: &self.details,
            tool_calls: self.written_calls.iter().map(Call::written).collect(),
        }
    }

    fn gather(&mut self, delta: &ChoiceMessage<'_>, is_whole: bool) {
        delta.thoughts().for_each(|text| self.reasoning.add(text));
        for part in delta.parts() {
            let text = if part.is_thinking {
                &mut self.reasoning
            } else {
                &mut self.content
            };
            text.add(part.text);
        }
        if let Some(refusal) = delta.refusal() {
            self.refusal.add(refusal);
        }
        for piece in delta.call_pieces() {
            self.text_bytes += piece.arguments.len();
            let written = &mut self.written_calls;
            self.calls.add(&piece, is_whole, &mut |event| gather(written, &event));
        }
    }
}

impl StreamWriter for WholeWriter {
    fn start(&mut self, _usage: Usage, _out: &mut BytesMut) {}

    fn ping(&mut self, _out: &mut BytesMut) {}

    fn delta(&mut self, delta: &ChoiceMessage<'_>, _out: &mut BytesMut) {
        self.gather(delta, false);
    }

    fn message(&mut self, message: &ChoiceMessage<'_>, _out: &mut BytesMut) {
        self.gather(message, true);
    }

    fn details(&mut self, entry: &RawValue, _out: &mut BytesMut) {
        self.details.push(entry.to_owned());
    }

    fn end_content(&mut self, _out: &mut BytesMut) {
        let written = &mut self.written_calls;
        self.calls.finish(&mut |event| gather(written, &event));
    }

    fn stop(&mut self, finish: &Finish, usage: Usage, out: &mut BytesMut) -> Result<(), BackendError> {
        let completion = Completion {
            id: &self.head.id,
            object: "chat.completion",
            created: self.head.created,
            model: &self.head.model,
            choices: [Choice {
                index: 0,
                message: self.message_object(),
                finish_reason: finish_reason(finish, self.calls.state(), !self.refusal.0.is_empty())?,
                logprobs: None,
            }],
            usage: usage.to_chat(),
            service_tier: usage.breakdown.tier.and_then(ServedTier::openai),
        };
        serde_json::to_writer(out.writer(), &completion).map_err(|_| BackendError::unreadable())
    }

    /// An error is the response's status and body, not a part of it.
    fn fail(&mut self, _error: &BackendError, _out: &mut BytesMut) {}

    fn received(&self) -> Received {
        let texts = [&self.content, &self.reasoning, &self.refusal];
        Received {
            text_bytes: self.text_bytes + texts.iter().map(|text| text.0.len()).sum::<usize>(),
            tool_calls: self.calls.count(),
            nameless_calls: self.calls.nameless(),
            junk_behind_arguments: self.calls.has_junk(),
            unsealed_reasoning: None,
        }
    }
}

/// Calls come in the order of their numbers.
fn gather(calls: &mut Vec<Call>, event: &CallEvent<'_>) {
    let new = |id: &str, name: &str, text: &str, is_custom| Call {
        id: id.to_owned(),
        name: name.to_owned(),
        text: Text(text.to_owned()),
        is_custom,
    };
    match event {
        CallEvent::Function { id, name, .. } => calls.push(new(id, name, "", false)),
        CallEvent::Custom { id, name, input, .. } => calls.push(new(id, name, input.escaped(), true)),
        CallEvent::Arguments { number, text } => {
            if let Some(call) = calls.get_mut(*number) {
                call.text.add(*text);
            }
        }
    }
}

impl Call {
    fn written(&self) -> WrittenCall<'_> {
        let (name, text) = (self.name.as_str(), self.text.quoted());
        let kind = if self.is_custom {
            let custom = Custom { name, input: text };
            CallKind::Custom { custom }
        } else {
            let function = Function { name, arguments: text };
            CallKind::Function { function }
        };
        WrittenCall { id: &self.id, kind }
    }
}

impl Text {
    fn add(&mut self, text: EscapedText<'_>) {
        self.0.push_str(text.escaped());
    }

    /// As a JSON string; `None` if there is none.
    fn json(&self) -> Option<Box<RawValue>> {
        if self.0.is_empty() { None } else { self.quoted() }
    }

    fn quoted(&self) -> Option<Box<RawValue>> {
        RawValue::from_string(format!("\"{}\"", self.0)).ok()
    }
}
