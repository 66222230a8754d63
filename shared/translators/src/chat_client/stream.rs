//! Writes a response as the chunks of a chat stream (O33, O34, O35).

use bytes::{BufMut as _, BytesMut};
use serde::Serialize;
use serde_json::value::RawValue;

use super::calls::{CallEvent, Calls};
use super::finish::{Head, finish_reason};
use crate::chat::completion::ChoiceMessage;
use crate::context::{RandomText, ResponseContext};
use crate::error::{BackendError, Code, Dialect, ErrorBody};
use crate::json::EscapedText;
use crate::stream::{Finish, Received, StreamWriter};
use crate::usage::{ChatUsageOut, ServedTier, Usage};

pub(crate) struct ChatWriter {
    chunks: Chunks,
    calls: Calls,
    includes_usage: bool,
    has_refused: bool,
    text_bytes: usize,
}

/// Writes chunks. Their deltas are written by hand: they are nearly all of a stream, and their text is escaped already.
struct Chunks {
    /// Each chunk up to its choices, which is the same for all.
    head: String,
}

impl ChatWriter {
    pub(crate) fn new(mut context: ResponseContext, mut random: RandomText) -> Self {
        let head = Head::of(&mut context, &mut random);
        Self {
            chunks: Chunks::new(&head),
            includes_usage: context.includes_usage,
            calls: Calls::new(&mut context, random),
            has_refused: false,
            text_bytes: 0,
        }
    }

    fn text(&mut self, member: &str, text: EscapedText<'_>, out: &mut BytesMut) {
        if !text.is_empty() {
            self.text_bytes += text.escaped().len();
            self.chunks.text(member, text, out);
        }
    }

    fn content(&mut self, delta: &ChoiceMessage<'_>, is_whole: bool, out: &mut BytesMut) {
        for text in delta.thoughts() {
            self.text("reasoning_content", text, out);
        }
        for part in delta.parts() {
            let member = if part.is_thinking {
                "reasoning_content"
            } else {
                "content"
            };
            self.text(member, part.text, out);
        }
        if let Some(refusal) = delta.refusal() {
            self.has_refused = true;
            self.text("refusal", refusal, out);
        }
        for piece in delta.call_pieces() {
            self.text_bytes += piece.arguments.len();
            let chunks = &self.chunks;
            self.calls.add(&piece, is_whole, &mut |event| chunks.call(&event, out));
        }
    }
}

impl StreamWriter for ChatWriter {
    fn start(&mut self, _usage: Usage, out: &mut BytesMut) {
        self.chunks
            .delta(out, |out| out.put_slice(br#"{"role":"assistant","content":""}"#));
    }

    fn ping(&mut self, out: &mut BytesMut) {
        out.put_slice(b": keep-alive\n\n");
    }

    fn delta(&mut self, delta: &ChoiceMessage<'_>, out: &mut BytesMut) {
        self.content(delta, false, out);
    }

    fn message(&mut self, message: &ChoiceMessage<'_>, out: &mut BytesMut) {
        self.content(message, true, out);
    }

    fn details(&mut self, entry: &RawValue, out: &mut BytesMut) {
        self.chunks.delta(out, |out| {
            out.put_slice(br#"{"reasoning_details":["#);
            out.put_slice(entry.get().as_bytes());
            out.put_slice(b"]}");
        });
    }

    fn end_content(&mut self, out: &mut BytesMut) {
        let chunks = &self.chunks;
        self.calls.finish(&mut |event| chunks.call(&event, out));
    }

    fn stop(&mut self, finish: &Finish, usage: Usage, out: &mut BytesMut) -> Result<(), BackendError> {
        let reason = finish_reason(finish, self.calls.state(), self.has_refused)?;
        let tier = usage.breakdown.tier.and_then(ServedTier::openai);
        self.chunks.finish(reason, tier, out);
        if self.includes_usage {
            self.chunks.usage(usage.to_chat(), tier, out);
        }
        out.put_slice(b"data: [DONE]\n\n");
        Ok(())
    }

    fn fail(&mut self, error: &BackendError, out: &mut BytesMut) {
        let body = ErrorBody {
            code: Code::from(error),
            message: error.message.as_str(),
            field: None,
            detail: None,
            // Chat's errors do not show it.
            request_id: "",
        };
        out.put_slice(b"data: ");
        write_json(&body.render(Dialect::OpenAi), out);
        out.put_slice(b"\n\n");
    }

    fn received(&self) -> Received {
        Received {
            text_bytes: self.text_bytes,
            tool_calls: self.calls.count(),
            nameless_calls: self.calls.nameless(),
            junk_behind_arguments: self.calls.has_junk(),
            unsealed_reasoning: None,
        }
    }
}

impl Chunks {
    fn new(head: &Head) -> Self {
        let model = serde_json::to_string(&head.model).unwrap_or_else(|_| "\"\"".to_owned());
        let (id, created) = (&head.id, head.created);
        Self {
            head: format!(
                r#"data: {{"id":"{id}","object":"chat.completion.chunk","created":{created},"model":{model},"choices":["#
            ),
        }
    }

    fn delta(&self, out: &mut BytesMut, write: impl FnOnce(&mut BytesMut)) {
        out.put_slice(self.head.as_bytes());
        out.put_slice(br#"{"index":0,"delta":"#);
        write(out);
        out.put_slice(b",\"finish_reason\":null}]}\n\n");
    }

    /// `member` is a name of ours.
    fn text(&self, member: &str, text: EscapedText<'_>, out: &mut BytesMut) {
        self.delta(out, |out| {
            for piece in ["{\"", member, "\":\"", text.escaped(), "\"}"] {
                out.put_slice(piece.as_bytes());
            }
        });
    }

    fn call(&self, event: &CallEvent<'_>, out: &mut BytesMut) {
        match event {
            CallEvent::Function { number, id, name } => {
                let (id, name) = (json(id), json(name));
                let call = format!(r#""id":{id},"type":"function","function":{{"name":{name},"arguments":""}}"#);
                self.call_delta(*number, &[&call], out);
            }
            CallEvent::Arguments { number, text } => {
                self.call_delta(*number, &[r#""function":{"arguments":""#, text.escaped(), "\"}"], out);
            }
            CallEvent::Custom {
                number,
                id,
                name,
                input,
            } => {
                let (id, name, input) = (json(id), json(name), input.escaped());
                let call = format!(r#""id":{id},"type":"custom","custom":{{"name":{name},"input":"{input}"}}"#);
                self.call_delta(*number, &[&call], out);
            }
        }
    }

    fn call_delta(&self, number: usize, members: &[&str], out: &mut BytesMut) {
        self.delta(out, |out| {
            out.put_slice(br#"{"tool_calls":[{"index":"#);
            write_json(&number, out);
            out.put_slice(b",");
            for piece in members {
                out.put_slice(piece.as_bytes());
            }
            out.put_slice(b"}]}");
        });
    }

    fn finish(&self, reason: &str, tier: Option<&str>, out: &mut BytesMut) {
        out.put_slice(self.head.as_bytes());
        out.put_slice(br#"{"index":0,"delta":{},"finish_reason":""#);
        out.put_slice(reason.as_bytes());
        out.put_slice(b"\"}]");
        end(tier, out);
    }

    fn usage(&self, usage: ChatUsageOut, tier: Option<&str>, out: &mut BytesMut) {
        out.put_slice(self.head.as_bytes());
        out.put_slice(br#"],"usage":"#);
        write_json(&usage, out);
        end(tier, out);
    }
}

/// Ends a chunk that tells the tier, once it is known.
fn end(tier: Option<&str>, out: &mut BytesMut) {
    if let Some(tier) = tier {
        for piece in [",\"service_tier\":\"", tier, "\""] {
            out.put_slice(piece.as_bytes());
        }
    }
    out.put_slice(b"}\n\n");
}

fn json(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_else(|_| "\"\"".to_owned())
}

fn write_json(value: &impl Serialize, out: &mut BytesMut) {
    let written = serde_json::to_writer(out.writer(), value);
    debug_assert!(written.is_ok(), "our own values always serialise");
}
