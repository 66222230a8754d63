//! A Responses stream that is stored here: events with ids of ours (N5), and an end that is held back until the
//! response is stored (ST4).

use std::fmt::Write as _;

use bytes::Bytes;
use serde_json::value::RawValue;
use translators::json::{Raw, lenient, ordinal};
use translators::lenient_object;
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
        let mut patches: Vec<Patch> = item.into_iter().chain(item_id).collect();
        patches.extend(self.places(kind, event, text));
        patches
    }

    /// The members that tell where an event belongs, for a backend that does not: SDKs put a response together by them.
    fn places(&self, kind: &str, event: &ResponseEvent<'_>, text: &str) -> Option<Patch> {
        let upstream = || event.item_id.or_else(|| id_of(event.item?));
        let mut members = String::new();
        if event.output_index.is_none() {
            let place = self.answer.place(upstream())?;
            let _ = write!(members, "\"output_index\":{place},");
        }
        // Such a backend has no item with a second part.
        if event.content_index.is_none() && PARTS.iter().any(|part| kind.starts_with(part)) {
            members.push_str("\"content_index\":0,");
        }
        let start = text.find('{')? + 1;
        (!members.is_empty()).then(|| Patch::insert(start, members))
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

/// Beginnings of the types of events about a part of an item.
const PARTS: [&str; 4] = [
    "response.content_part.",
    "response.output_text.",
    "response.refusal.",
    "response.reasoning_text.",
];

lenient_object! {
    Identified {
        id: Raw<'a> = b"id",
    }
}

fn id_of(item: &RawValue) -> Raw<'_> {
    lenient::<Identified<'_>>(item)?.id
}

fn bytes(json: Box<RawValue>) -> Bytes {
    String::from(Box::<str>::from(json)).into()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::Value;

    use super::*;
    use crate::patch::{in_order, patched};

    /// The events as the client gets them.
    fn events(events: &[&str]) -> Vec<Value> {
        let lifecycle = Lifecycle::new("k".repeat(20), Arc::new(|| 1)).stored(true);
        let mut stored = StoredStream::of(&lifecycle, &ModelName::new("m")).unwrap();
        let mut written = |text: &&str| {
            let event: ResponseEvent<'_> = lenient(serde_json::from_str(text).unwrap()).unwrap();
            let kind: Value = serde_json::from_str(text).unwrap();
            let patches = stored.patches(kind["type"].as_str().unwrap(), &event, text);
            serde_json::from_slice(&patched(text.as_bytes(), &in_order(patches))).unwrap()
        };
        events.iter().map(&mut written).collect()
    }

    #[test]
    fn n5_rs4_an_event_that_does_not_tell_its_place_gets_it() {
        let told = events(&[
            r#"{"type":"response.output_item.added","item":{"type":"reasoning","id":"rs_up"}}"#,
            r#"{"type":"response.output_item.done","item":{"type":"reasoning","id":"rs_up"}}"#,
            r#"{"type":"response.output_item.added","item":{"type":"message","id":"msg_up"}}"#,
            r#"{"type":"response.output_text.delta","item_id":"msg_up","delta":"a"}"#,
            r#"{"type":"response.output_text.delta","item_id":"msg_up","delta":"a","output_index":1,"content_index":3}"#,
        ]);
        let places: Vec<_> = told.iter().map(|event| &event["output_index"]).collect();
        assert_eq!(places, [0, 0, 1, 1, 1]);
        assert_eq!(told[3]["item_id"], format!("msg_{}_1", "k".repeat(20)));
        assert_eq!(
            (&told[3]["content_index"], &told[4]["content_index"]),
            (&0.into(), &3.into())
        );
        assert!(told[2].get("content_index").is_none());
    }
}
