//! JSON as servers write it: members in order and possibly repeated, numbers with their digits.

mod read;
mod write;

pub use write::Style;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    Null,
    Bool(bool),
    /// The digits as they stand in the text.
    Number(String),
    String(String),
    Array(Vec<Json>),
    /// Members in order; a name may stand several times.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// The value of the last member `name`.
    pub fn get(&self, name: &str) -> Option<&Json> {
        let Self::Object(members) = self else { return None };
        members
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    }

    /// The value below `path`, whose numbers are positions in arrays.
    pub fn at(&self, path: &[&str]) -> Option<&Json> {
        path.iter().try_fold(self, |json, step| match json {
            Self::Array(items) => items.get(step.parse::<usize>().ok()?),
            _ => json.get(step),
        })
    }

    pub fn at_mut(&mut self, path: &[&str]) -> Option<&mut Json> {
        path.iter().try_fold(self, |json, step| match json {
            Self::Array(items) => items.get_mut(step.parse::<usize>().ok()?),
            Self::Object(members) => members
                .iter_mut()
                .rev()
                .find(|(key, _)| key == step)
                .map(|(_, value)| value),
            _ => None,
        })
    }

    pub fn text(&self) -> Option<&str> {
        if let Self::String(text) = self {
            Some(text)
        } else {
            None
        }
    }

    pub fn text_at(&self, path: &[&str]) -> Option<&str> {
        self.at(path).and_then(Self::text)
    }

    pub fn count_at(&self, path: &[&str]) -> Option<u64> {
        if let Some(Self::Number(digits)) = self.at(path) {
            digits.parse().ok()
        } else {
            None
        }
    }

    pub fn items(&self) -> &[Json] {
        if let Self::Array(items) = self { items } else { &[] }
    }

    pub fn members(&self) -> &[(String, Json)] {
        if let Self::Object(members) = self { members } else { &[] }
    }

    pub fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// True for a member that is absent or null.
    pub fn is_null_at(&self, path: &[&str]) -> bool {
        self.at(path).is_none_or(|value| *value == Self::Null)
    }

    /// Sets the last member `name`, or adds it at the end.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<Json>) {
        let value = value.into();
        if let Some(member) = self.at_mut(&[name]) {
            *member = value;
        } else {
            self.add(name, value);
        }
    }

    /// Adds a member `name` at the end, also if there is one already.
    pub(crate) fn add(&mut self, name: &str, value: impl Into<Json>) {
        if let Self::Object(members) = self {
            members.push((name.to_owned(), value.into()));
        }
    }

    /// Adds a member `name` in front, where a later one of the same name outweighs it.
    pub(crate) fn add_first(&mut self, name: &str, value: impl Into<Json>) {
        if let Self::Object(members) = self {
            members.insert(0, (name.to_owned(), value.into()));
        }
    }

    pub(crate) fn remove(&mut self, name: &str) -> Option<Json> {
        let Self::Object(members) = self else { return None };
        let place = members.iter().position(|(key, _)| key == name)?;
        Some(members.remove(place).1)
    }

    /// True if a member of any object within stands twice.
    pub fn repeats_a_member(&self) -> bool {
        match self {
            Self::Array(items) => items.iter().any(Self::repeats_a_member),
            Self::Object(members) => members.iter().enumerate().any(|(place, (name, value))| {
                members[..place].iter().any(|(earlier, _)| earlier == name) || value.repeats_a_member()
            }),
            _ => false,
        }
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<&String> for Json {
    fn from(text: &String) -> Self {
        Self::String(text.clone())
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Vec<Json>> for Json {
    fn from(items: Vec<Json>) -> Self {
        Self::Array(items)
    }
}

macro_rules! from_numbers {
    ($($number:ty),*) => { $(
        impl From<$number> for Json {
            fn from(number: $number) -> Self {
                Self::Number(number.to_string())
            }
        }
    )* };
}
from_numbers!(i32, u32, u64, usize);

/// JSON with values in it: `json!({"index": 0, "items": [(expression)]})`.
macro_rules! json {
    (null) => { $crate::json::Json::Null };
    ({ $($name:literal : $value:tt),* $(,)? }) => {
        $crate::json::Json::Object(vec![$(($name.to_owned(), $crate::json::json!($value))),*])
    };
    ([ $($item:tt),* $(,)? ]) => { $crate::json::Json::Array(vec![$($crate::json::json!($item)),*]) };
    ($value:expr) => { $crate::json::Json::from($value) };
}
pub(crate) use json;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_and_written_as_serde_does() {
        let texts = [
            r#"{"a":[1,-2.50,1e5,true,null],"b":{"c":"\u00e9\ud83d\ude00\n\"\\\/"}}"#,
            r#" [ { } , [ ] , "" ] "#,
            r#""\u2028\u0000""#,
            "12345678901234567890",
        ];
        for text in texts {
            let ours = Json::parse(text).unwrap();
            for style in [
                Style::default(),
                Style {
                    ascii: true,
                    spaces: true,
                },
            ] {
                let written = ours.write(style);
                let back: serde_json::Value = serde_json::from_str(&written).unwrap();
                assert_eq!(
                    back,
                    serde_json::from_str::<serde_json::Value>(text).unwrap(),
                    "{written}"
                );
                assert_eq!(Json::parse(&written).unwrap(), ours);
                assert!(written.is_ascii() || !style.ascii);
            }
        }
    }

    #[test]
    fn what_is_no_json_is_refused() {
        let texts = [
            "",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "{'a':1}",
            "01",
            "1.",
            "1e",
            "\"\n\"",
            "\"\\x\"",
            "nul",
            "1 2",
            "{\"a\" 1}",
            "+1",
            "\"a",
        ];
        for text in texts {
            assert!(Json::parse(text).is_err(), "{text}");
            assert!(serde_json::from_str::<serde_json::Value>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn repeated_members_and_digits_are_kept_and_lone_surrogates_replaced() {
        let json = Json::parse(r#"{"a":1.10,"a":2,"b":"\ud83d"}"#).unwrap();
        assert!(json.repeats_a_member());
        assert_eq!(json.write(Style::default()), "{\"a\":1.10,\"a\":2,\"b\":\"\u{fffd}\"}");
        assert_eq!(json.count_at(&["a"]), Some(2));
    }
}
