//! Validation of JSON that is not deserialized: its form, and the bytes of text in it.

use std::cell::Cell;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// Bytes that an image counts for, some 1600 tokens, however long its base64 is.
const BYTES_PER_IMAGE: usize = 6400;
/// Bytes within which the data of a `data:` URL begin; media types have some 50.
const MAX_MEDIA_TYPE: usize = 200;

/// Any JSON value; adds the length of its strings. Unlike `IgnoredAny` of serde it keeps the limit of nesting
/// (promise 27).
#[derive(Clone, Copy)]
pub(super) struct CheckedValue<'c> {
    pub(super) text_bytes: &'c Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for CheckedValue<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for CheckedValue<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        let bytes = if is_inline_data(text) {
            BYTES_PER_IMAGE
        } else {
            text.len()
        };
        self.text_bytes.set(self.text_bytes.get() + bytes);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map
            .next_key_seed(CheckedValue {
                text_bytes: &Cell::default(),
            })?
            .is_some()
        {
            map.next_value_seed(self)?;
        }
        Ok(())
    }
}

/// True for an image or a file (RFC 2397), false for text that merely begins like one.
fn is_inline_data(text: &str) -> bool {
    let is_encoded = || {
        text.get(..MAX_MEDIA_TYPE.min(text.len()))
            .is_some_and(|begin| begin.contains(";base64,"))
    };
    text.starts_with("data:") && is_encoded() && memchr::memchr(b' ', text.as_bytes()).is_none() && text.is_ascii()
}

/// An array of `least` to `most` values; `null` counts as an empty one.
pub(super) struct CheckedArray<'c> {
    pub(super) what: &'static str,
    pub(super) least: u64,
    pub(super) most: u64,
    pub(super) text_bytes: &'c Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for CheckedArray<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for CheckedArray<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an array of {} to {} {}", self.least, self.most, self.what)
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        if self.least == 0 {
            Ok(())
        } else {
            Err(E::invalid_type(de::Unexpected::Unit, &self))
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut count = 0;
        while items
            .next_element_seed(CheckedValue {
                text_bytes: self.text_bytes,
            })?
            .is_some()
        {
            count += 1;
        }
        if (self.least..=self.most).contains(&count) {
            return Ok(());
        }
        Err(de::Error::custom(format!(
            "there must be {} to {} {}",
            self.least, self.most, self.what
        )))
    }
}
