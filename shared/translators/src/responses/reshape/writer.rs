//! Writes numbered events.

use std::borrow::Cow;

use bytes::BytesMut;
use serde_json::value::RawValue;

use crate::json::{Json, Members, to_json};
use crate::responses::wire::item::one_line;
use crate::sse;

/// The id and the number with which a stream goes on whose beginning its client has already.
#[derive(Clone, Debug, Default)]
pub struct Begun {
    /// The client's id of the response.
    pub id: Option<String>,
    /// The number of the next event.
    pub next: u64,
}

pub(super) struct Writer<'a> {
    pub(super) begun: &'a mut Begun,
    pub(super) out: &'a mut BytesMut,
}

impl Writer<'_> {
    pub(super) fn event(&mut self, kind: &str, members: &[(&'static str, Json<'_>)]) -> serde_json::Result<()> {
        let mut event = Members::default();
        event.push(Cow::Borrowed("type"), to_json(&kind)?);
        event.push(Cow::Borrowed("sequence_number"), to_json(&self.begun.next)?);
        self.begun.next += 1;
        for (name, value) in members {
            let line = match one_line(value.get()) {
                Cow::Borrowed(_) => Cow::Borrowed(&**value),
                Cow::Owned(line) => Cow::Owned(RawValue::from_string(line)?),
            };
            event.push(Cow::Borrowed(name), line);
        }
        sse::encode(self.out, kind, &event)
    }
}
