//! Reads the answers of a backend that speaks Responses as events of the hub (N15, N16).

use std::borrow::Cow;

use super::events::{Frame, Response};
use super::items::{Items, ReasoningPart};
use crate::chat::completion::Completion;
use crate::chat::saying::{Take, quoted, word};
use crate::chat::stream::{StreamEvent, StreamReader};
use crate::error::{BackendError, ErrorContext};
use crate::json::{Raw, Whole, ordinal};
use crate::responses::failure::backend_error;
use crate::sse::Event;
use crate::usage::Usage;

/// Reads a stream, or one response in its place.
#[derive(Debug, Default)]
pub struct ResponsesReader {
    errors: ErrorContext,
    items: Items,
}

impl ResponsesReader {
    pub fn new(errors: ErrorContext) -> Self {
        Self {
            errors,
            ..Self::default()
        }
    }

    fn read_body(&mut self, data: &[u8], text: &str, take: Take<'_>) {
        match serde_json::from_str::<Whole<Response<'_>>>(text) {
            Ok(Whole(response)) if word(response.object) == Some("response") => {
                take(StreamEvent::Chunk(&Completion::of_id(response.id)));
                self.end(&response, word(response.status).unwrap_or("completed"), take);
            }
            _ => take(StreamEvent::Failed(self.error(data, BackendError::unreadable()))),
        }
    }

    fn read_event(&mut self, event: &Event, data: &[u8], text: &str, take: Take<'_>) {
        let frame = serde_json::from_str::<Whole<Frame<'_>>>(text);
        let kind = frame.as_ref().ok().and_then(|Whole(frame)| word(frame.kind));
        match (&frame, kind) {
            _ if event.is_error() => take(StreamEvent::Failed(self.error(data, BackendError::interrupted()))),
            (Ok(Whole(frame)), Some(kind)) => self.read_known(kind, frame, data, take),
            (Ok(_) | Err(_), _) => take(StreamEvent::Failed(self.error(data, BackendError::unreadable()))),
        }
    }

    fn read_known(&mut self, kind: &str, frame: &Frame<'_>, data: &[u8], take: Take<'_>) {
        let (index, items) = (frame.output_index, &mut self.items);
        let part = |is_summary, number: Raw<'_>| ReasoningPart {
            is_summary,
            number: ordinal(number).unwrap_or(0),
        };
        match (kind, &frame.response.0, &frame.item.0) {
            ("error", ..) => take(StreamEvent::Failed(self.error(data, BackendError::interrupted()))),
            ("response.created" | "response.queued" | "response.in_progress", Some(response), _) => {
                take(StreamEvent::Chunk(&Completion::of_id(response.id)));
            }
            ("response.output_item.added", _, Some(item)) => items.add(index, item, take),
            ("response.output_item.done", _, Some(item)) => items.finish(index, item, take),
            ("response.output_text.delta", ..) => items.text(index, frame.delta, take),
            ("response.refusal.delta", ..) => items.refusal(index, frame.delta, take),
            ("response.reasoning_summary_text.delta", ..) => {
                items.reasoning(index, part(true, frame.summary_index), frame.delta, take);
            }
            ("response.reasoning_text.delta", ..) => {
                items.reasoning(index, part(false, frame.content_index), frame.delta, take);
            }
            ("response.function_call_arguments.delta", ..) => items.arguments(index, frame.delta, take),
            ("response.custom_tool_call_input.delta", ..) => items.input(index, frame.delta, take),
            ("response.completed" | "response.incomplete" | "response.failed" | "response.cancelled", response, _) => {
                let status = kind.strip_prefix("response.").unwrap_or_default();
                self.end(response.as_ref().unwrap_or(&Response::default()), status, take);
            }
            // Events that repeat others, and kinds that are not known yet.
            _ => {}
        }
    }

    /// The end, with the items that nobody has told of before.
    fn end(&mut self, response: &Response<'_>, status: &str, take: Take<'_>) {
        let reason = match status {
            "completed" => "stop",
            "incomplete" if response.is_filtered() => "content_filter",
            "incomplete" => "length",
            _ => return take(StreamEvent::Failed(backend_error(response.error, &self.errors))),
        };
        for (place, item) in response.output.0.iter().enumerate() {
            self.items.conclude(place, item, take);
        }
        if let Some(usage) = response.usage.and_then(Usage::from_response) {
            take(StreamEvent::Usage(usage));
        }
        let reason = quoted(reason);
        let mut finish = Completion::of_finish(reason.as_deref());
        finish.service_tier = response.service_tier;
        take(StreamEvent::Chunk(&finish));
        take(StreamEvent::Done);
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

impl Response<'_> {
    fn is_filtered(&self) -> bool {
        let details = self.incomplete.0.as_ref();
        details.is_some_and(|details| word(details.reason) == Some("content_filter"))
    }
}

impl StreamReader for ResponsesReader {
    fn read(&mut self, event: &Event, take: &mut dyn FnMut(StreamEvent<'_>)) {
        if event.is_heartbeat() {
            take(StreamEvent::Alive);
        }
        match event.data().unwrap_or_default().trim_ascii() {
            // Of a server that writes chat's end mark behind every dialect: the end was told before.
            b"" | b"null" | b"[DONE]" => {}
            data => {
                let text = String::from_utf8_lossy(data);
                if matches!(text, Cow::Owned(_)) {
                    take(StreamEvent::InvalidUtf8);
                }
                if event.is_body() {
                    self.read_body(data, &text, take);
                } else {
                    self.read_event(event, data, &text, take);
                }
            }
        }
    }
}
