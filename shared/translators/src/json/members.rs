//! The members of an object, in their order, with their values as they came.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use super::object::{RawObject, deserialize_object};

/// A JSON value of the client's, or one that was put together here.
pub type Json<'a> = Cow<'a, RawValue>;

/// The value as JSON.
pub(crate) fn to_json<'a>(value: &impl Serialize) -> serde_json::Result<Json<'a>> {
    Ok(Cow::Owned(to_raw_value(value)?))
}

/// Members of an object, in their order.
#[derive(Clone, Debug, Default)]
pub struct Members<'a>(pub Vec<(Cow<'a, str>, Json<'a>)>);

impl<'a> Members<'a> {
    pub fn push(&mut self, key: Cow<'a, str>, value: Json<'a>) {
        self.0.push((key, value));
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(key, _)| key.as_ref())
    }

    pub fn contains(&self, name: &str) -> bool {
        self.names().any(|key| key == name)
    }

    pub fn get(&self, name: &str) -> Option<&RawValue> {
        let member = self.0.iter().find(|(key, _)| key == name);
        member.map(|(_, value)| value.as_ref())
    }

    /// Takes over the other members; see [`Self::unique`].
    pub fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// Of members with one name only the last one.
    #[must_use]
    pub fn unique(mut self) -> Self {
        let mut seen = HashSet::new();
        self.0.reverse();
        self.0.retain(|(key, _)| seen.insert(key.clone()));
        self.0.reverse();
        self
    }

    /// Adds a member or replaces the one of that name in its place.
    pub fn set(&mut self, key: Cow<'a, str>, value: Json<'a>) {
        match self.0.iter_mut().find(|(name, _)| *name == key) {
            Some(member) => member.1 = value,
            None => self.push(key, value),
        }
    }
}

impl<'a> RawObject<'a> for Members<'a> {
    fn set(&mut self, key: Cow<'a, str>, value: &'a RawValue) {
        self.push(key, Cow::Borrowed(value));
    }
}

impl<'a> Deserialize<'a> for Members<'a> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_object(deserializer)
    }
}

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}
