//! Objects of a backend's response, read in one pass whatever kinds their members have: an odd value is an absent one
//! (B5.1), and of members with one name the last counts (B5.2).

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Declares an object with the members that are needed. All other members are read over.
#[macro_export]
macro_rules! lenient_object {
    ($(#[$doc:meta])* $vis:vis $name:ident {
        $($(#[$field_doc:meta])* $field_vis:vis $field:ident: $kind:ty = $key:literal),+ $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        $vis struct $name<'a> {
            $($(#[$field_doc])* $field_vis $field: $kind,)+
        }

        impl<'a> $crate::json::LenientObject<'a> for $name<'a> {
            fn read_member<A: $crate::json::MapAccess<'a>>(&mut self, key: &[u8], map: &mut A) -> Result<(), A::Error> {
                match key {
                    $($key => self.$field = map.next_value()?,)+
                    _ => drop(map.next_value::<$crate::json::IgnoredAny>()?),
                }
                Ok(())
            }
        }
    };
}
pub(crate) use lenient_object;
pub use serde::de::{IgnoredAny, MapAccess};

/// What `lenient_object!` makes.
pub trait LenientObject<'a>: Default {
    fn read_member<A: MapAccess<'a>>(&mut self, key: &[u8], map: &mut A) -> Result<(), A::Error>;
}

/// An object; nothing where another kind of value stands.
#[derive(Debug)]
pub struct Lenient<T>(pub Option<T>);

/// The objects of a list; nothing where another kind of value stands.
#[derive(Debug)]
pub struct LenientList<T>(pub Vec<T>);

/// An object that a JSON text is as a whole. Unlike [`Lenient`] any other kind is an error.
#[derive(Debug)]
pub struct Whole<T>(pub T);

/// A value of any kind that is not null, left as it came.
pub type Raw<'a> = Option<&'a RawValue>;

impl<T> Default for Lenient<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Default for LenientList<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'a, T: LenientObject<'a>> Deserialize<'a> for Lenient<T> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ObjectVisitor(PhantomData)).map(Self)
    }
}

impl<'a, T: LenientObject<'a>> Deserialize<'a> for LenientList<T> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor(PhantomData)).map(Self)
    }
}

impl<'a, T: LenientObject<'a>> Deserialize<'a> for Whole<T> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        let Lenient(object) = Lenient::deserialize(deserializer)?;
        object
            .map(Self)
            .ok_or_else(|| D::Error::custom("the value is no object"))
    }
}

/// The object that `json` is, if it is one.
pub fn lenient<'a, T: LenientObject<'a>>(json: &'a RawValue) -> Option<T> {
    let object = json
        .get()
        .starts_with('{')
        .then(|| serde_json::from_str::<Lenient<T>>(json.get()));
    object?.ok()?.0
}

/// The objects of the list that `json` is; none if it is no list.
pub fn lenient_list<'a, T: LenientObject<'a>>(json: &'a RawValue) -> Vec<T> {
    let list = json
        .get()
        .starts_with('[')
        .then(|| serde_json::from_str::<LenientList<T>>(json.get()));
    list.and_then(Result::ok)
        .map(|LenientList(list)| list)
        .unwrap_or_default()
}

/// A small number that servers also write as a string or a float (B5.1); `None` for anything else, also below zero.
pub fn ordinal(json: Raw<'_>) -> Option<u64> {
    let text = json?.get().trim_matches('"');
    text.strip_suffix(".0").unwrap_or(text).parse().ok()
}

/// A member's name. Read as bytes: half of a surrogate pair has no other form.
struct Key<'a>(Cow<'a, [u8]>);

impl<'a> Deserialize<'a> for Key<'a> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(KeyVisitor).map(Self)
    }
}

struct KeyVisitor;

impl<'a> Visitor<'a> for KeyVisitor {
    type Value = Cow<'a, [u8]>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_borrowed_bytes<E>(self, name: &'a [u8]) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_bytes<E>(self, name: &[u8]) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_vec()))
    }
}

/// The values of other kinds, which count as absent.
macro_rules! absent_scalars {
    () => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("any value")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Default::default())
        }

        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok(Default::default())
        }

        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok(Default::default())
        }

        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok(Default::default())
        }

        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok(Default::default())
        }

        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
            Ok(Default::default())
        }
    };
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'a, T: LenientObject<'a>> Visitor<'a> for ObjectVisitor<T> {
    type Value = Option<T>;

    absent_scalars!();

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut object = T::default();
        while let Some(Key(key)) = map.next_key()? {
            object.read_member(&key, &mut map)?;
        }
        Ok(Some(object))
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'a, T: LenientObject<'a>> Visitor<'a> for ListVisitor<T> {
    type Value = Vec<T>;

    absent_scalars!();

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<Key<'a>, IgnoredAny>()?.is_some() {}
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut objects = Vec::new();
        while let Some(Lenient(object)) = items.next_element()? {
            let Some(object) = object else { continue };
            // The lists of a chunk have one element, as a rule.
            if objects.is_empty() {
                objects.reserve_exact(1);
            }
            objects.push(object);
        }
        Ok(objects)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    lenient_object! {
        Sample {
            id: Raw<'a> = b"id",
            inner: Lenient<Inner<'a>> = b"inner",
            list: LenientList<Inner<'a>> = b"list",
        }
    }

    lenient_object! {
        Inner {
            name: Raw<'a> = b"name",
        }
    }

    fn read(json: &str) -> (Option<&str>, Option<Option<&str>>, usize) {
        let Whole(sample) = serde_json::from_str::<Whole<Sample<'_>>>(json).unwrap();
        let name = |inner: &Inner<'_>| inner.name.is_some();
        let named = sample.list.0.iter().filter(|inner| name(inner)).count();
        (
            sample.id.map(RawValue::get),
            sample.inner.0.map(|inner| inner.name.map(RawValue::get)),
            named,
        )
    }

    #[test]
    fn b5_1_an_odd_value_is_an_absent_one() {
        for odd in ["\"\"", "7", "-1", "1.5", "true", "null", "[null]", "[[]]", "[{}]"] {
            assert_eq!(
                read(&format!(r#"{{"inner":{odd},"id":1}}"#)),
                (Some("1"), None, 0),
                "{odd}"
            );
        }
        for odd in ["\"\"", "7", "null", "{\"name\":1}", "[null,[],\"x\"]"] {
            assert_eq!(read(&format!(r#"{{"list":{odd}}}"#)), (None, None, 0), "{odd}");
        }
        assert_eq!(read(r#"{"list":[null,{"name":1},7],"\ud83d":1}"#), (None, None, 1));
    }

    #[test]
    fn b5_2_of_members_with_one_name_the_last_counts() {
        assert_eq!(read(r#"{"id":1,"id":2}"#).0, Some("2"));
        assert_eq!(read(r#"{"inner":{"name":1},"inner":{"name":2}}"#).1, Some(Some("2")));
        assert_eq!(read(r#"{"id":1,"id":null}"#).0, None);
    }

    #[test]
    fn ha21_a_text_that_is_no_object_is_an_error() {
        for json in ["7", "\"x\"", "[]", "null", "[{\"id\":1}]", "{"] {
            assert!(serde_json::from_str::<Whole<Sample<'_>>>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn b5_1_an_index_may_be_a_string_or_a_float_and_else_is_absent() {
        let read = |json: &str| ordinal(Some(&RawValue::from_string(json.to_owned()).unwrap()));
        for (json, index) in [("3", Some(3)), ("\"3\"", Some(3)), ("3.0", Some(3))] {
            assert_eq!(read(json), index);
        }
        for json in ["-1", "0.5", "\"\"", "\"a\"", "[]", "{}", "1e999"] {
            assert_eq!(read(json), None, "{json}");
        }
    }
}
