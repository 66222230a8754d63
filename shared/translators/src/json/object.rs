//! Objects whose known members are declared, read in one pass.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Declares an object with the members that the translator knows.
macro_rules! raw_object {
    ($(#[$doc:meta])* $vis:vis $name:ident { $($field:ident: $key:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default)]
        $vis struct $name<'a> {
            $($vis $field: $crate::json::Field<'a>,)+
            /// The members that the translator does not know (P3).
            $vis rest: $crate::json::Members<'a>,
        }

        impl<'a> $crate::json::RawObject<'a> for $name<'a> {
            fn set(&mut self, key: std::borrow::Cow<'a, str>, value: &'a serde_json::value::RawValue) {
                match key.as_ref() {
                    $($key => self.$field = $crate::json::Field::new(value),)+
                    _ => self.rest.push(key, std::borrow::Cow::Borrowed(value)),
                }
            }
        }

        impl<'a> serde::Deserialize<'a> for $name<'a> {
            fn deserialize<D: serde::Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::json::deserialize_object(deserializer)
            }
        }
    };
}
pub(crate) use raw_object;

/// What `raw_object!` makes.
pub trait RawObject<'a>: Default {
    fn set(&mut self, key: Cow<'a, str>, value: &'a RawValue);
}

pub fn deserialize_object<'a, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'a>,
    T: RawObject<'a>,
{
    deserializer.deserialize_map(ObjectVisitor(PhantomData))
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'a, T: RawObject<'a>> Visitor<'a> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<T, A::Error> {
        let mut object = T::default();
        while let Some(Key(key)) = map.next_key()? {
            object.set(key, map.next_value()?);
        }
        Ok(object)
    }
}

#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);
