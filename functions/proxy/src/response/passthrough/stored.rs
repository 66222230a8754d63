//! A Responses stream that is stored here: events with ids of ours (N5), and an end that is held back until the
//! response is stored (ST4).

use bytes::Bytes;
use serde_json::value::RawValue;
use translators::json::{Raw, ordinal};
use translators::lenient_object;
use translators::responses::backend::native::StoredAnswer;
use translators::responses::lifecycle::Lifecycle;

use super::numbering::span;
use crate::patch::Patch;
use crate::response::model_name::ModelName;

#[derive(Debug)]
pub(super) struct StoredStream {
    answer: StoredAnswer,
    /// The frames that end the response.
    end: Option<Bytes>,
}

lenient_object! {
    ItemEvent {
        output_index: Raw<'a> = b"output_index",
        item: Raw<'a> = b"item",
        item_id: Raw<'a> = b"item_id",
    }
}

impl StoredStream {
    /// `None` if the response is not to be stored.
    pub(super) fn of(lifecycle: &Lifecycle, model: &ModelName) -> Option<Self> {
        let answer = || StoredAnswer::new(lifecycle.clone(), model.as_json());
        lifecycle.is_stored().then(|| Self {
            answer: answer(),
            end: None,
        })
    }

    /// The response object as the client gets it.
    pub(super) fn object(&mut self, response: &RawValue) -> Option<Bytes> {
        self.answer.object(response).ok().map(bytes)
    }

    /// A whole response that came in place of a stream, as the client gets it.
    pub(super) fn body(&mut self, body: &str) -> Option<String> {
        let object = self.answer.object(serde_json::from_str(body).ok()?).ok()?;
        Some(Box::<str>::from(object).into())
    }

    /// The patches that write ids of ours into an event of this type, with this response if it has one.
    pub(super) fn patches(&mut self, kind: &str, response: Raw<'_>, text: &str) -> Vec<Patch> {
        let whole = response.and_then(|response| {
            let object = self.object(response)?;
            Some(Patch::replace(span(Some(response), text.as_bytes())?, object))
        });
        if whole.is_some() {
            return whole.into_iter().collect();
        }
        let event: ItemEvent<'_> = serde_json::from_str::<translators::json::Lenient<ItemEvent<'_>>>(text)
            .ok()
            .and_then(|event| event.0)
            .unwrap_or_default();
        let index = ordinal(event.output_index);
        let item = event.item.and_then(|item| {
            let named = if kind == "response.output_item.done" {
                self.answer.done_item(index, item)
            } else {
                self.answer.item(index, item)
            };
            Some(Patch::replace(span(Some(item), text.as_bytes())?, bytes(named.ok()?)))
        });
        let item_id = event.item_id.and_then(|id| {
            let place = span(Some(id), text.as_bytes())?;
            Some(Patch::replace_string(place, self.answer.item_id(index, Some(id))))
        });
        item.into_iter().chain(item_id).collect()
    }

    /// Holds back the event that ends the response; false if it cannot be read.
    pub(super) fn hold(&mut self, event: &str, number: u64) -> bool {
        match self.answer.last_event(event, number) {
            Ok(event) => self.hold_frames(event.freeze()),
            Err(_) => return false,
        }
        true
    }

    /// Holds back frames that end with such an event.
    pub(super) fn hold_frames(&mut self, frames: Bytes) {
        self.end = Some(frames);
    }

    /// The events that were held back.
    pub(super) fn into_end(self) -> Option<Bytes> {
        self.end
    }
}

fn bytes(json: Box<RawValue>) -> Bytes {
    String::from(Box::<str>::from(json)).into()
}
