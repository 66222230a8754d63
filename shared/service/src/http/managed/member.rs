//! One field of a patch: absent, `null` or a value.

use serde::{Deserialize, Deserializer};

/// A field that `null` clears.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Member<T> {
    /// The field stays as it is.
    #[default]
    Absent,
    /// The field goes back to its default.
    Null,
    Value(T),
}

impl<T> Member<T> {
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Absent | Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }
}

/// For fields with `#[serde(default)]`, whose deserializer is not asked when they are absent.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for Member<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Value))
    }
}

/// A field of a patch.
pub trait Given {
    /// True if the patch says anything about the field.
    fn is_given(&self) -> bool;
}

impl<T> Given for Option<T> {
    fn is_given(&self) -> bool {
        self.is_some()
    }
}

impl<T> Given for Member<T> {
    fn is_given(&self) -> bool {
        !matches!(self, Self::Absent)
    }
}
