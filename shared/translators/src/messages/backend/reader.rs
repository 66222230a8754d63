//! Reads the answers of a backend that speaks Anthropic Messages as events of the hub (O30 to O35).

use std::borrow::Cow;
use std::sync::LazyLock;

use serde_json::value::RawValue;

use super::blocks::{OpenBlock, OpenBlocks, Thinking, encrypted_entry};
use super::events::{ContentBlock, Delta, Frame, StopDetails};
use crate::chat::completion::{Completion, FunctionDelta};
use crate::chat::saying::{self, Take, call_with, is_text, say, word};
use crate::chat::stream::{StreamEvent, StreamReader};
use crate::error::{BackendError, ErrorContext};
use crate::json::{EscapedText, Raw, TextBuilder, Whole};
use crate::sse::Event;
use crate::usage::Usage;

/// The refusal of a model that does not explain itself, as a JSON string (O31).
static REFUSAL: LazyLock<Option<Box<RawValue>>> =
    LazyLock::new(|| RawValue::from_string("\"The model refused to answer.\"".to_owned()).ok());

/// The input of a call that has none, as a JSON string.
static NO_INPUT: LazyLock<Option<Box<RawValue>>> = LazyLock::new(|| RawValue::from_string("\"{}\"".to_owned()).ok());

/// Reads a stream, or one message in its place.
#[derive(Debug, Default)]
pub struct AnthropicReader {
    errors: ErrorContext,
    blocks: OpenBlocks,
    /// Later events tell only what has changed (O34).
    usage: Usage,
    /// Entries of `reasoning_details` so far.
    details: usize,
}

impl AnthropicReader {
    pub fn new(errors: ErrorContext) -> Self {
        Self {
            errors,
            ..Self::default()
        }
    }

    fn read_frame(&mut self, event: &Event, data: &[u8], take: Take<'_>) {
        let text = String::from_utf8_lossy(data);
        if matches!(text, Cow::Owned(_)) {
            take(StreamEvent::InvalidUtf8);
        }
        let frame = serde_json::from_str::<Whole<Frame<'_>>>(&text);
        let kind = frame.as_ref().ok().and_then(|Whole(frame)| word(frame.kind));
        match (frame, kind) {
            _ if event.is_error() => take(StreamEvent::Failed(self.error(data, BackendError::interrupted()))),
            (Ok(Whole(frame)), Some(kind)) => self.read_known(kind, &frame, data, event.is_body(), take),
            (Ok(_) | Err(_), _) => take(StreamEvent::Failed(self.error(data, BackendError::unreadable()))),
        }
    }

    fn read_known(&mut self, kind: &str, frame: &Frame<'_>, data: &[u8], is_body: bool, take: Take<'_>) {
        match kind {
            "message" => self.message(frame, take),
            "error" => take(StreamEvent::Failed(self.error(data, BackendError::interrupted()))),
            _ if is_body => take(StreamEvent::Failed(self.error(data, BackendError::unreadable()))),
            "message_start" => {
                if let Some(message) = &frame.message.0 {
                    self.count(message.usage, take);
                    take(StreamEvent::Chunk(&Completion::of_id(message.id)));
                }
            }
            "content_block_start" => {
                if let Some(block) = &frame.content_block.0 {
                    self.start(frame.index, block, take);
                }
            }
            "content_block_delta" => {
                if let Some(delta) = &frame.delta.0 {
                    self.grow(frame.index, delta, take);
                }
            }
            "content_block_stop" => self.stop(frame.index, take),
            "message_delta" => {
                self.count(frame.usage, take);
                if let Some(delta) = &frame.delta.0 {
                    end(delta.stop_reason, delta.stop_details.0.as_ref(), take);
                }
            }
            "message_stop" => take(StreamEvent::Done),
            "ping" => take(StreamEvent::Alive),
            // Kinds of events that are not known yet say nothing that a client could miss in what is known.
            _ => {}
        }
    }

    /// A message that came whole: the events that it would have been streamed in.
    fn message(&mut self, message: &Frame<'_>, take: Take<'_>) {
        self.count(message.usage, take);
        take(StreamEvent::Chunk(&Completion::of_id(message.id)));
        for block in &message.content.0 {
            self.start(None, block, take);
            self.stop(None, take);
        }
        end(message.stop_reason, message.stop_details.0.as_ref(), take);
        take(StreamEvent::Done);
    }

    fn count(&mut self, usage: Raw<'_>, take: Take<'_>) {
        if let Some(usage) = usage {
            self.usage.update_from_anthropic(usage);
            take(StreamEvent::Usage(self.usage));
        }
    }

    fn start(&mut self, index: Raw<'_>, block: &ContentBlock<'_>, take: Take<'_>) {
        let open = match word(block.kind) {
            Some("text") => {
                say(block.text, take);
                OpenBlock::Text
            }
            Some("tool_use") => OpenBlock::Call {
                has_input: call(index, block, take),
            },
            Some("thinking") => {
                let mut thinking = Thinking::default();
                think(&mut thinking, block.thinking, take);
                sign(&mut thinking, block.signature);
                OpenBlock::Thinking(thinking)
            }
            Some("redacted_thinking") => {
                let entry = block.data.and_then(|data| encrypted_entry(data, self.details));
                self.detail(entry, take);
                OpenBlock::Skipped
            }
            _ => OpenBlock::Skipped,
        };
        self.blocks.start(index, open);
    }

    fn grow(&mut self, index: Raw<'_>, delta: &Delta<'_>, take: Take<'_>) {
        let block = self.blocks.get(index);
        match (word(delta.kind), block) {
            (_, Some(OpenBlock::Skipped)) => {}
            (Some("thinking_delta"), Some(OpenBlock::Thinking(thinking))) => think(thinking, delta.thinking, take),
            (Some("signature_delta"), Some(OpenBlock::Thinking(thinking))) => sign(thinking, delta.signature),
            (Some("text_delta"), _) => say(delta.text, take),
            (Some("input_json_delta"), Some(OpenBlock::Call { has_input })) => {
                *has_input |= is_text(delta.partial_json);
                call_with(index, delta.partial_json, take);
            }
            _ => {}
        }
    }

    fn stop(&mut self, index: Raw<'_>, take: Take<'_>) {
        match self.blocks.stop(index) {
            Some(OpenBlock::Thinking(thinking)) => self.detail(thinking.entry(self.details), take),
            // So the call is whole, and the next one is another whatever its id.
            Some(OpenBlock::Call { has_input: false }) => call_with(index, NO_INPUT.as_deref(), take),
            _ => {}
        }
    }

    fn detail(&mut self, entry: Option<Box<RawValue>>, take: Take<'_>) {
        if let Some(entry) = entry {
            self.details += 1;
            take(StreamEvent::Details(&entry));
        }
    }

    /// Text that is no JSON may be anything, also a half of an answer: it is not told.
    fn error(&self, data: &[u8], silent: BackendError) -> BackendError {
        if matches!(data.first(), Some(b'{' | b'[')) {
            BackendError::from_error_object_or(data, &self.errors, silent)
        } else {
            silent
        }
    }
}

impl StreamReader for AnthropicReader {
    fn read(&mut self, event: &Event, take: &mut dyn FnMut(StreamEvent<'_>)) {
        if event.is_heartbeat() {
            take(StreamEvent::Alive);
        }
        match event.data().unwrap_or_default().trim_ascii() {
            b"" | b"null" => {}
            // Of a server that writes chat's end mark behind every dialect.
            b"[DONE]" => take(StreamEvent::Done),
            data => self.read_frame(event, data, take),
        }
    }
}

fn think(thinking: &mut Thinking, text: Raw<'_>, take: Take<'_>) {
    thinking
        .text
        .extend(text.and_then(EscapedText::of).map(EscapedText::escaped));
    saying::think(text, take);
}

fn sign(thinking: &mut Thinking, signature: Raw<'_>) {
    let signature = signature.and_then(EscapedText::of);
    thinking.signature.extend(signature.map(EscapedText::escaped));
}

/// The beginning of a call. Some servers write its whole input here; then it is true.
fn call(index: Raw<'_>, block: &ContentBlock<'_>, take: Take<'_>) -> bool {
    let input = block.input.map(RawValue::get).filter(|input| input.starts_with('{'));
    let input = input.filter(|input| input[1..].trim_start() != "}");
    let arguments = input.and_then(|input| TextBuilder::with_capacity(input.len()).json(input).build().ok());
    let function = FunctionDelta {
        name: block.name,
        arguments: arguments.as_deref(),
    };
    saying::call(index, block.id, function, take);
    arguments.is_some()
}

/// The end of the content: the stop reason, which the hub knows in Anthropic's words too, and a refusal's text (O31).
fn end(stop_reason: Raw<'_>, details: Option<&StopDetails<'_>>, take: Take<'_>) {
    if word(stop_reason) == Some("refusal") {
        let explanation = details
            .and_then(|details| details.explanation)
            .filter(|text| is_text(Some(text)));
        saying::refuse(explanation.or(REFUSAL.as_deref()), take);
    }
    if is_text(stop_reason) {
        take(StreamEvent::Chunk(&Completion::of_finish(stop_reason)));
    }
}
