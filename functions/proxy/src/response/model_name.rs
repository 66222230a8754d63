//! What the model is called in an answer that is otherwise passed on as it is: by the name that the client knows, not by the
//! backend's own (translation.md §7). Pure.

use std::ops::Range;

use bytes::Bytes;

use super::scan::ChunkInfo;

/// The client's name of the model, as JSON.
#[derive(Clone, Debug)]
pub(crate) struct Naming(Bytes);

/// Other bytes in the place of some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) range: Range<usize>,
    pub(crate) by: Bytes,
}

impl Naming {
    pub(crate) fn new(name: &str) -> Self {
        Self(serde_json::Value::from(name).to_string().into())
    }

    /// How `json` gets the client's name of the model; `None` where it has it already, or none at all.
    pub(crate) fn edit(&self, json: &[u8], finding: &ChunkInfo) -> Option<Edit> {
        let range = finding.model?.range();
        (json[range.clone()] != self.0).then(|| Edit {
            range,
            by: self.0.clone(),
        })
    }

    /// An answer that is not streamed.
    pub(crate) fn whole(&self, body: Bytes, finding: &ChunkInfo) -> Bytes {
        match self.edit(&body, finding) {
            None => body,
            Some(edit) => edited(&body, &[edit]),
        }
    }
}

impl Edit {
    /// Takes the bytes out.
    pub(crate) fn cut(range: Range<usize>) -> Self {
        Self {
            range,
            by: Bytes::new(),
        }
    }

    /// The same edit of a text in which this one's begins at `offset`.
    pub(crate) fn behind(self, offset: usize) -> Self {
        Self {
            range: self.range.start + offset..self.range.end + offset,
            ..self
        }
    }
}

/// `text` with the edits, which are in the order of their places and do not touch each other.
pub(crate) fn edited(text: &[u8], edits: &[Edit]) -> Bytes {
    let longer: usize = edits.iter().map(|edit| edit.by.len()).sum();
    let mut result = Vec::with_capacity(text.len() + longer);
    let mut at = 0;
    for Edit { range, by } in edits {
        result.extend_from_slice(&text[at..range.start]);
        result.extend_from_slice(by);
        at = range.end;
    }
    result.extend_from_slice(&text[at..]);
    result.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_the_clients_name_and_is_otherwise_as_it_was() {
        let named = |json: &'static str| {
            Naming::new("a \"b\"").whole(Bytes::from_static(json.as_bytes()), &ChunkInfo::of(json.as_bytes()))
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
            Naming::new("m").whole(body.clone(), &ChunkInfo::of(&body)).as_ptr(),
            body.as_ptr()
        );
    }
}
