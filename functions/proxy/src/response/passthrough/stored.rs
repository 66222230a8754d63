//! A Responses stream that is stored here: events with ids of ours (N5), and an end that is held back until the
//! response is stored (ST4).

use bytes::Bytes;
use serde_json::value::RawValue;
use translators::json::ordinal;
use translators::responses::backend::native::StoredAnswer;
use translators::responses::lifecycle::Lifecycle;

use super::numbering::span;
use super::response_event::ResponseEvent;
use crate::patch::Patch;
use crate::response::model_name::ModelName;

#[derive(Debug)]
pub(super) struct StoredStream {
    answer: StoredAnswer,
    /// The frames that end the response.
    end: Option<Bytes>,
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

    /// The patches that write ids of ours into an event of this type.
    pub(super) fn patches(&mut self, kind: &str, event: &ResponseEvent<'_>, text: &str) -> Vec<Patch> {
        let place = |json| span(json, text.as_bytes());
        let whole = event.response.and_then(|response| {
            let object = self.object(response)?;
            Some(Patch::replace(place(Some(response))?, object))
        });
        if whole.is_some() {
            return whole.into_iter().collect();
        }
        let index = ordinal(event.output_index);
        let item = event.item.and_then(|item| {
            let named = if kind == "response.output_item.done" {
                self.answer.done_item(index, item)
            } else {
                self.answer.item(index, item)
            };
            Some(Patch::replace(place(Some(item))?, bytes(named.ok()?)))
        });
        let item_id = event.item_id.and_then(|id| {
            let id = self.answer.item_id(index, Some(id));
            Some(Patch::replace_string(place(event.item_id)?, id))
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
