//! Typed access to the value of one member. Every error names the path of the value.

use std::borrow::Cow;

use serde::de::Deserialize;
use serde_json::value::RawValue;

use super::escaped::EscapedText;
use crate::error::{FieldPath, RequestError};

/// A member's value. `null` counts as absent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Field<'a>(Option<&'a RawValue>);

impl<'a> Field<'a> {
    pub fn new(value: &'a RawValue) -> Self {
        Self((value.get() != "null").then_some(value))
    }

    pub fn is_present(self) -> bool {
        self.0.is_some()
    }

    pub fn raw(self) -> Option<&'a RawValue> {
        self.0
    }

    /// True for a value that requests nothing: absent, `[]`, `{}`, `false` or `""`.
    pub fn is_void(self) -> bool {
        self.0.is_none_or(|raw| {
            let compact: String = raw.get().split_ascii_whitespace().collect();
            matches!(compact.as_str(), "[]" | "{}" | "false" | "\"\"")
        })
    }

    /// True for the string `word`, however it is escaped.
    pub fn is(self, word: &str) -> bool {
        let text = self.0.and_then(EscapedText::of);
        text.is_some_and(|text| text.decode() == word)
    }

    /// A string, left in its escapes.
    pub fn text(self, path: FieldPath<'_>) -> Result<Option<EscapedText<'a>>, RequestError> {
        self.0
            .map(|raw| EscapedText::of(raw).ok_or_else(|| path.error("must be a string")))
            .transpose()
    }

    /// A short string without escapes: a type, a name, an id.
    pub fn word(self, path: FieldPath<'_>) -> Result<Option<Cow<'a, str>>, RequestError> {
        Ok(self.text(path)?.map(EscapedText::decode))
    }

    pub fn required_text(self, path: FieldPath<'_>) -> Result<EscapedText<'a>, RequestError> {
        self.text(path)?.ok_or_else(|| path.missing())
    }

    /// A string as it came, in its quotes.
    pub fn required_string(self, path: FieldPath<'_>) -> Result<&'a RawValue, RequestError> {
        self.required_text(path)?;
        self.0.ok_or_else(|| path.missing())
    }

    pub fn required_word(self, path: FieldPath<'_>) -> Result<Cow<'a, str>, RequestError> {
        self.word(path)?.ok_or_else(|| path.missing())
    }

    /// `false` if absent.
    pub fn flag(self, path: FieldPath<'_>) -> Result<bool, RequestError> {
        self.parse(path, "must be true or false").map(Option::unwrap_or_default)
    }

    pub fn integer(self, path: FieldPath<'_>) -> Result<Option<i64>, RequestError> {
        self.parse(path, "must be an integer")
    }

    pub fn object<T: Deserialize<'a>>(self, path: FieldPath<'_>) -> Result<Option<T>, RequestError> {
        self.parse(path, "must be an object")
    }

    pub fn required_object<T: Deserialize<'a>>(self, path: FieldPath<'_>) -> Result<T, RequestError> {
        self.object(path)?.ok_or_else(|| path.missing())
    }

    /// A list of objects, empty if absent.
    pub fn objects<T: Deserialize<'a>>(self, path: FieldPath<'_>) -> Result<Vec<T>, RequestError> {
        let Some(raw) = self.0 else {
            return Ok(Vec::new());
        };
        serde_json::from_str(raw.get()).map_err(|_| misfit::<T>(raw, path))
    }

    /// A list of anything, empty if absent.
    pub fn list(self, path: FieldPath<'_>) -> Result<Vec<&'a RawValue>, RequestError> {
        self.parse(path, "must be a list").map(Option::unwrap_or_default)
    }

    /// A list of strings, empty if absent.
    pub fn words(self, path: FieldPath<'_>) -> Result<Vec<Cow<'a, str>>, RequestError> {
        let items = self.list(path)?;
        let words = items
            .iter()
            .enumerate()
            .map(|(i, item)| Field::new(item).required_word(path.index(i)));
        words.collect()
    }

    fn parse<T: Deserialize<'a>>(self, path: FieldPath<'_>, expected: &str) -> Result<Option<T>, RequestError> {
        let value = self.0.map(|raw| serde_json::from_str(raw.get()));
        value.transpose().map_err(|_| path.error(expected))
    }
}

/// The error that names the first wrong item of a list. Called only after the list as a whole was refused.
fn misfit<'a, T: Deserialize<'a>>(list: &'a RawValue, path: FieldPath<'_>) -> RequestError {
    let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(list.get()) else {
        return path.error("must be a list");
    };
    let index = items
        .iter()
        .position(|item| serde_json::from_str::<T>(item.get()).is_err());
    path.index(index.unwrap_or_default()).error("must be an object")
}
