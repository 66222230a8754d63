//! Typed access to the value of one member. Every error names the path of the value.

use std::borrow::Cow;

use serde::de::Deserialize;
use serde_json::value::RawValue;

use super::escaped::EscapedText;
use crate::error::{At, RequestError};

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

    /// Absent, `[]`, `{}`, `false` or `""`: asks for nothing.
    pub fn is_void(self) -> bool {
        self.0.is_none_or(|raw| {
            let compact: String = raw.get().split_ascii_whitespace().collect();
            matches!(compact.as_str(), "[]" | "{}" | "false" | "\"\"")
        })
    }

    /// A string, left in its escapes.
    pub fn text(self, at: At<'_>) -> Result<Option<EscapedText<'a>>, RequestError> {
        self.0
            .map(|raw| EscapedText::of(raw).ok_or_else(|| at.error("must be a string")))
            .transpose()
    }

    /// A short string that is looked at: a type, a name, an id.
    pub fn word(self, at: At<'_>) -> Result<Option<Cow<'a, str>>, RequestError> {
        Ok(self.text(at)?.map(EscapedText::decode))
    }

    pub fn required_text(self, at: At<'_>) -> Result<EscapedText<'a>, RequestError> {
        self.text(at)?.ok_or_else(|| at.missing())
    }

    pub fn required_word(self, at: At<'_>) -> Result<Cow<'a, str>, RequestError> {
        self.word(at)?.ok_or_else(|| at.missing())
    }

    /// `false` if absent.
    pub fn flag(self, at: At<'_>) -> Result<bool, RequestError> {
        self.parse(at, "must be true or false").map(Option::unwrap_or_default)
    }

    pub fn integer(self, at: At<'_>) -> Result<Option<i64>, RequestError> {
        self.parse(at, "must be an integer")
    }

    pub fn object<T: Deserialize<'a>>(self, at: At<'_>) -> Result<Option<T>, RequestError> {
        self.parse(at, "must be an object")
    }

    pub fn required_object<T: Deserialize<'a>>(self, at: At<'_>) -> Result<T, RequestError> {
        self.object(at)?.ok_or_else(|| at.missing())
    }

    /// A list of objects, empty if absent.
    pub fn objects<T: Deserialize<'a>>(self, at: At<'_>) -> Result<Vec<T>, RequestError> {
        let Some(raw) = self.0 else {
            return Ok(Vec::new());
        };
        serde_json::from_str(raw.get()).map_err(|_| misfit::<T>(raw, at))
    }

    /// A list of anything, empty if absent.
    pub fn list(self, at: At<'_>) -> Result<Vec<&'a RawValue>, RequestError> {
        self.parse(at, "must be a list").map(Option::unwrap_or_default)
    }

    /// A list of strings, empty if absent.
    pub fn words(self, at: At<'_>) -> Result<Vec<Cow<'a, str>>, RequestError> {
        let items = self.list(at)?;
        let words = items
            .iter()
            .enumerate()
            .map(|(i, item)| Field::new(item).required_word(at.index(i)));
        words.collect()
    }

    fn parse<T: Deserialize<'a>>(self, at: At<'_>, expected: &str) -> Result<Option<T>, RequestError> {
        let value = self.0.map(|raw| serde_json::from_str(raw.get()));
        value.transpose().map_err(|_| at.error(expected))
    }
}

/// Which item of a list is not what it should be; asked only after the list as a whole was refused.
fn misfit<'a, T: Deserialize<'a>>(list: &'a RawValue, at: At<'_>) -> RequestError {
    let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(list.get()) else {
        return at.error("must be a list");
    };
    let index = items
        .iter()
        .position(|item| serde_json::from_str::<T>(item.get()).is_err());
    at.index(index.unwrap_or_default()).error("must be an object")
}
