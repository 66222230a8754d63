//! The model's name in a response that is otherwise passed through: the client's name of it in the place of the
//! backend's (translation.md §7). Pure.

use bytes::Bytes;

use super::scan::ChunkInfo;
use crate::patch::{Patch, Span, patched};

/// The client's name of the model, as a JSON string.
#[derive(Clone, Debug)]
pub(crate) struct ModelName(Bytes);

impl ModelName {
    pub(crate) fn new(name: &str) -> Self {
        Self(serde_json::Value::from(name).to_string().into())
    }

    /// The name itself.
    pub(super) fn as_json(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The same.
    pub(super) fn into_json(self) -> Bytes {
        self.0
    }

    /// The patch that writes the client's name into `json`; `None` if `json` has that name already, or names no model.
    pub(super) fn patch(&self, json: &[u8], info: &ChunkInfo) -> Option<Patch> {
        self.patch_at(json, info.model?)
    }

    /// The patch that writes the client's name at `span`; `None` if that name stands there already.
    pub(super) fn patch_at(&self, json: &[u8], span: Span) -> Option<Patch> {
        (json[span.range()] != self.0).then(|| Patch::replace(span, self.0.clone()))
    }

    /// A whole response with the client's name.
    pub(super) fn apply(&self, body: Bytes, info: &ChunkInfo) -> Bytes {
        match self.patch(&body, info) {
            None => body,
            Some(patch) => patched(&body, &[patch]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_has_the_clients_name_and_is_otherwise_unaltered() {
        let named = |json: &'static str| {
            ModelName::new("a \"b\"").apply(Bytes::from_static(json.as_bytes()), &ChunkInfo::of(json.as_bytes()))
        };
        for (json, expected) in [
            (
                r#"{"id":"x", "model" : "/srv/w" ,"choices":[{"model":"y"}]}"#,
                r#"{"id":"x", "model" : "a \"b\"" ,"choices":[{"model":"y"}]}"#,
            ),
            (
                r#"{"type":"message_start","message":{"id":"x","model":"w"}}"#,
                r#"{"type":"message_start","message":{"id":"x","model":"a \"b\""}}"#,
            ),
            (r#"{"model":null,"choices":[]}"#, r#"{"model":null,"choices":[]}"#),
            (r#"{"choices":[]}"#, r#"{"choices":[]}"#),
        ] {
            assert_eq!(named(json), expected);
        }
    }

    #[test]
    fn a_name_that_is_the_clients_costs_no_copy() {
        let body = Bytes::from_static(br#"{"model":"m"}"#);
        assert_eq!(
            ModelName::new("m").apply(body.clone(), &ChunkInfo::of(&body)).as_ptr(),
            body.as_ptr()
        );
    }
}
