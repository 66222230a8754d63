//! The members of a chat request, read in one pass over the body without building a tree (promises 27 and 28).

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{self, DeserializeSeed as _, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use service::http::{ApiError, Code};

use super::json_check::{CheckedArray, CheckedValue};
use super::max_tokens::MaxTokens;

/// More members than any API has; it bounds the memory for their names.
const MAX_MEMBERS: usize = 200;
const MAX_MESSAGES: u64 = 10_000;
const MAX_TOOLS: u64 = 1024;
const MAX_CHOICES: u64 = 8;

/// The members that the gateway needs; all others are only validated.
#[derive(Default)]
pub(super) struct Parsed<'a> {
    body: &'a str,
    pub(super) model: Option<&'a RawValue>,
    pub(super) stream: bool,
    pub(super) has_messages: bool,
    pub(super) stream_options: Option<&'a RawValue>,
    /// Bytes of text in the messages and tools.
    pub(super) text_bytes: Cell<usize>,
    pub(super) choices: Option<u64>,
    pub(super) max_tokens: MaxTokens,
    pub(super) names: MemberNames<'a>,
    /// The member that is being read, for an error's `param`.
    current: Option<Cow<'a, str>>,
}

impl<'a> Parsed<'a> {
    pub(super) fn parse(body: &'a str) -> Result<Self, ApiError> {
        let mut parsed = Self {
            body,
            ..Self::default()
        };
        let mut json = serde_json::Deserializer::from_str(body);
        match json.deserialize_map(&mut parsed).and_then(|()| json.end()) {
            Ok(()) => Ok(parsed),
            Err(error) => Err(parsed.error(&error)),
        }
    }

    fn error(&self, error: &serde_json::Error) -> ApiError {
        let text = error.to_string();
        let reason = text.split(" at line ").next().unwrap_or_default().to_owned();
        match (&self.current, error.is_data()) {
            (Some(member), true) => ApiError::invalid(member.as_ref(), reason),
            (None, true) => ApiError::new(Code::InvalidValue, reason),
            _ => ApiError::new(Code::InvalidJson, format!("the body is not valid JSON: {text}")),
        }
    }

    fn read_value<A: MapAccess<'a>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "model" => self.model = Some(map.next_value()?),
            "stream" => self.stream = map.next_value::<Option<bool>>()?.unwrap_or(false),
            "stream_options" => self.stream_options = Some(map.next_value()?),
            "messages" => {
                map.next_value_seed(self.array("messages", 1, MAX_MESSAGES))?;
                self.has_messages = true;
            }
            "tools" => map.next_value_seed(self.array("tools", 0, MAX_TOOLS))?,
            "n" => self.choices = check_choices(map.next_value()?)?,
            "max_tokens" | "max_completion_tokens" => {
                let value: &RawValue = map.next_value()?;
                // A value that is no number is left to the backend, but its nesting is limited here.
                let mut json = serde_json::Deserializer::from_str(value.get());
                CheckedValue {
                    text_bytes: &Cell::default(),
                }
                .deserialize(&mut json)
                .map_err(de::Error::custom)?;
                self.max_tokens.add(value, self.body);
            }
            _ => map.next_value_seed(CheckedValue {
                text_bytes: &Cell::default(),
            })?,
        }
        Ok(())
    }

    fn array(&self, what: &'static str, least: u64, most: u64) -> CheckedArray<'_> {
        CheckedArray {
            what,
            least,
            most,
            text_bytes: &self.text_bytes,
        }
    }
}

impl<'a> Visitor<'a> for &mut Parsed<'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Name(name)) = map.next_key()? {
            self.current = Some(name.clone());
            self.read_value(&name, &mut map)?;
            self.names.insert(name).map_err(de::Error::custom)?;
            self.current = None;
        }
        Ok(())
    }
}

/// The names of a body's members. There are about a dozen: comparing with each is faster than hashing.
#[derive(Clone, Debug, Default)]
pub(super) struct MemberNames<'a>(Vec<Cow<'a, str>>);

impl<'a> MemberNames<'a> {
    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|known| known == name)
    }

    fn insert(&mut self, name: Cow<'a, str>) -> Result<(), &'static str> {
        if self.contains(&name) {
            return Err("duplicate member");
        }
        if self.0.len() == MAX_MEMBERS {
            return Err("the body has too many members");
        }
        self.0.push(name);
        Ok(())
    }
}

fn check_choices<E: de::Error>(n: Option<u64>) -> Result<Option<u64>, E> {
    match n {
        None | Some(1..=MAX_CHOICES) => Ok(n),
        Some(_) => Err(E::custom(format!("n must be 1 to {MAX_CHOICES}"))),
    }
}

/// A member's name, borrowed if it has no escapes.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
