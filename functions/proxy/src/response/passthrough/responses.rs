//! The events of a Responses stream whose bytes are passed on (N1, N2, N8): its end is the event that tells how the
//! response ended.

use std::borrow::Cow;

use bytes::Bytes;
use translators::chat::saying::word;
use translators::error::BackendError;
use translators::json::{EscapedText, Raw, Whole};
use translators::responses::reshape::failure;
use translators::sse::Event;

use super::Passthrough;
use super::action::Action;
use super::numbering::span;
use super::response_event::{Response, ResponseEvent};
use crate::patch::{Patch, Span, in_order, patched};

impl Passthrough {
    pub(super) fn inspect_response(&mut self, event: &Event, data: &[u8]) -> Action {
        let text = String::from_utf8_lossy(data);
        if text.trim_ascii() == "null" {
            return Action::Pass;
        }
        let Ok(Whole(frame)) = serde_json::from_str::<Whole<ResponseEvent<'_>>>(&text) else {
            self.error = Some(BackendError::from_error_object(data, &self.context.errors));
            return Action::Stop;
        };
        let kind = word(frame.kind).filter(|kind| *kind != "error" && !event.is_error());
        let Some(kind) = kind else {
            self.fail(data);
            return Action::Stop;
        };
        self.has_invalid_utf8 |= matches!(text, Cow::Owned(_));
        if let Some(action) = self.take_kind(kind, frame.response, &text, event) {
            return action;
        }
        let is_held = self.is_done && self.hold(&frame, &text);
        self.has_begun = true;
        self.numbering.end_silence();
        let delta = frame.delta.and_then(EscapedText::of);
        let response = frame.read_response();
        self.usage
            .add_event(delta.map_or(0, |delta| delta.escaped().len()), response.reported());
        if is_held {
            return Action::remove(event);
        }
        let patches = match &mut self.stored {
            Some(stored) => {
                let mut patches = stored.patches(kind, &frame, &text);
                patches.extend(self.numbering.number(frame.sequence_number, text.as_bytes()));
                in_order(patches)
            }
            None => self.patches(&frame, &response, text.as_bytes()),
        };
        placed(kind, (event, data), (&text, matches!(text, Cow::Owned(_))), patches)
    }

    /// Notes what an event of this kind tells of the response; gives an action if it is not passed on as others are.
    fn take_kind(&mut self, kind: &str, response: Raw<'_>, text: &str, event: &Event) -> Option<Action> {
        match kind {
            "response.created" | "response.queued" | "response.in_progress" => {
                let stored = &mut self.stored;
                self.numbering.begin(|| match (response, stored) {
                    (Some(response), Some(stored)) => stored.object(response),
                    (Some(response), None) => Some(bytes_of(response.get(), event)),
                    (None, _) => None,
                });
                if self.numbering.id().is_some() {
                    self.has_begun = true;
                    return Some(Action::remove(event));
                }
            }
            "response.failed" | "response.cancelled" => {
                let is_told = self.has_begun && !self.context.errors.secrets.are_in(text);
                self.error = Some(failure(response, &self.context.errors));
                if !is_told {
                    return Some(Action::Stop);
                }
                self.numbering.has_told_failure();
            }
            "response.completed" | "response.incomplete" => self.is_done = true,
            _ => {}
        }
        None
    }

    /// Holds back the event that ends a response which is to be stored; false for all others.
    fn hold(&mut self, frame: &ResponseEvent<'_>, text: &str) -> bool {
        let Some(stored) = &mut self.stored else { return false };
        stored.hold(text, self.numbering.take(frame.sequence_number))
    }

    /// The patches of the event's own text: the number, the id and the model's name.
    fn patches(&mut self, frame: &ResponseEvent<'_>, response: &Response<'_>, text: &[u8]) -> Vec<Patch> {
        let mut patches = Vec::new();
        patches.extend(self.numbering.number(frame.sequence_number, text));
        if let Some(name) = response.model.filter(|name| name.get().starts_with('"')) {
            let name = span(Some(name), text);
            patches.extend(name.and_then(|name| self.context.model_name.patch_at(text, name)));
        }
        if let Some(id) = self.numbering.id() {
            let place = span(response.id, text);
            patches.extend(place.map(|place| Patch::replace_string(place, id)));
        }
        in_order(patches)
    }
}

/// The patches of an event's data at their places in the event. Data that was not UTF-8 has been mended in `text`.
fn placed(kind: &str, (event, data): (&Event, &[u8]), (text, is_mended): (&str, bool), patches: Vec<Patch>) -> Action {
    if patches.is_empty() && !is_mended {
        return Action::Pass;
    }
    match Span::of(data, &event.raw) {
        Ok(place) if is_mended => Action::Patch(vec![Patch::replace(place, patched(text.as_bytes(), &patches))]),
        Ok(place) => {
            let start = place.range().start;
            Action::Patch(patches.into_iter().map(|patch| patch.shifted(start)).collect())
        }
        // Its data has several lines, and was joined: lines break between the tokens of JSON alone.
        Err(_) => {
            let json = patched(text.as_bytes(), &patches);
            let line = String::from_utf8_lossy(&json).replace(['\n', '\r'], " ");
            let written = format!("event: {kind}\ndata: {line}\n\n");
            Action::Patch(vec![Patch::replace(Span::first(event.raw.len()), written)])
        }
    }
}

/// A part of an event, which shares its memory where it is a slice of it.
fn bytes_of(part: &str, event: &Event) -> Bytes {
    match Span::of(part.as_bytes(), &event.raw) {
        Ok(place) => event.raw.slice(place.range()),
        Err(_) => Bytes::copy_from_slice(part.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use translators::responses::lifecycle::Lifecycle;
    use translators::sse::Decoder;
    use translators::stream::Progress;
    use translators::usage::ServedTier;

    use super::*;
    use crate::response::context::PassthroughContext;
    use crate::response::usage::UsageReport;

    #[test]
    fn p83_b8_a_stream_that_is_passed_on_tells_its_tier() {
        let lifecycle = Lifecycle::new("k".repeat(20), Arc::new(|| 1));
        let mut stream = Passthrough::responses(PassthroughContext::named("m"), lifecycle);
        let event = concat!(
            "data: {\"type\":\"response.completed\",\"response\":{\"id\":\"resp_1\",\"service_tier\":\"flex\",",
            "\"usage\":{\"input_tokens\":3,\"output_tokens\":2}}}\n\n"
        );
        let chunk = stream.feed(&mut Decoder::new(1000), Bytes::from_static(event.as_bytes()));
        assert_eq!(chunk.progress, Progress::Done);
        let UsageReport::Reported(usage) = stream.usage.report() else {
            panic!("no usage is reported")
        };
        assert_eq!(
            (usage.input, usage.output, usage.breakdown.tier),
            (3, 2, Some(ServedTier::Flex))
        );
    }
}
