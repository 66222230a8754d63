//! A JSON object that keeps the order and the form of what it holds: a person's file is changed where it must be, and
//! nowhere else.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::{RawValue, to_raw_value};

const STEP: &str = "  ";

#[derive(Default)]
pub(super) struct Members(Vec<(String, Box<RawValue>)>);

impl Members {
    /// The object of this text; an empty text is an empty object.
    pub(super) fn parse(json: &str) -> Result<Self, serde_json::Error> {
        if json.trim().is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_str(json)
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.get())
    }

    /// Sets a member to JSON, in its place or at the end.
    pub(super) fn set(&mut self, name: &str, json: String) -> Result<(), serde_json::Error> {
        let value = RawValue::from_string(json)?;
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some(member) => member.1 = value,
            None => self.0.push((name.to_owned(), value)),
        }
        Ok(())
    }

    /// Sets a member to a text.
    pub(super) fn set_text(&mut self, name: &str, text: &str) -> Result<(), serde_json::Error> {
        self.set(name, to_raw_value(text)?.get().to_owned())
    }

    /// The object as text, a member a line, `depth` levels deep.
    pub(super) fn text(&self, depth: usize) -> String {
        if self.0.is_empty() {
            return "{}".to_owned();
        }
        let indent = STEP.repeat(depth);
        let line = |(name, value): &(String, Box<RawValue>)| {
            format!("{indent}{STEP}{}: {value}", serde_json::Value::from(name.as_str()))
        };
        let lines: Vec<String> = self.0.iter().map(line).collect();
        format!("{{\n{}\n{indent}}}", lines.join(",\n"))
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}
