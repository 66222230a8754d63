//! A chat request, read in one pass over the body without building a tree (promises 27 and 28).
//!
//! The body stays the client's bytes; what must differ for a backend is spliced in when it is sent.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;
use std::ops::Range;

use bytes::Bytes;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use shared::http::{ApiError, Code};
use shared::translators::settings::MaxTokensField;

use super::BYTES_PER_TOKEN;
use super::cap::OutputCap;
use super::pieces::{Pieces, Splice};
use crate::params::ModelParams;

/// More members than any API has; a bound for what is remembered of a body.
const MAX_MEMBERS: usize = 1000;
const MAX_MESSAGES: u64 = 10_000;
const MAX_TOOLS: u64 = 1024;
const MAX_CHOICES: u64 = 8;
/// As which a picture in the body counts: some 1600 tokens, however long its base64 is.
const BYTES_PER_IMAGE: usize = 6400;

/// A chat request that is well formed. It borrows from its body.
#[derive(Clone, Debug)]
pub(crate) struct ChatAsk<'a> {
    body: &'a Bytes,
    /// The model's name as the client wrote it, and where it stands in the body, quotes included.
    model: String,
    model_at: Range<usize>,
    stream: bool,
    /// The members that the client has set.
    names: HashSet<Cow<'a, str>>,
    /// Bytes of text in the messages and tools.
    text_bytes: usize,
    choices: u64,
    cap: OutputCap,
}

impl<'a> ChatAsk<'a> {
    /// Reads the body of `POST /v1/chat/completions`.
    pub(crate) fn read(body: &'a Bytes) -> Result<Self, ApiError> {
        let text = std::str::from_utf8(body).map_err(|_| ApiError::new(Code::InvalidJson, "the body is not UTF-8"))?;
        let mut reading = Reading { body: text, ..Reading::default() };
        let mut json = serde_json::Deserializer::from_str(text);
        let read = json.deserialize_map(&mut reading).and_then(|()| json.end());
        if let Err(error) = read {
            return Err(reading.refusal(&error));
        }
        let raw = reading.model.ok_or_else(|| ApiError::invalid("model", "the model is missing"))?;
        let model = serde_json::from_str(raw.get()).map_err(|_| ApiError::invalid("model", "the model must be a text"))?;
        if !reading.has_messages {
            return Err(ApiError::invalid("messages", "the messages are missing"));
        }
        let start = raw.get().as_ptr().addr() - text.as_ptr().addr();
        let model_at = start..start + raw.get().len();
        let (stream, text_bytes, choices) = (reading.stream, reading.text_bytes.get(), reading.choices.unwrap_or(1));
        let (cap, names) = (reading.cap, reading.names);
        Ok(Self { body, model, model_at, stream, names, text_bytes, choices, cap })
    }

    pub(crate) fn model(&self) -> &str {
        &self.model
    }

    /// Whether the answer is to be streamed.
    pub(crate) fn stream(&self) -> bool {
        self.stream
    }

    /// How many tokens the prompt has, about.
    pub(crate) fn input_estimate(&self) -> u64 {
        (self.text_bytes as u64).div_ceil(BYTES_PER_TOKEN).max(1)
    }

    /// How long the client allows each answer to get.
    pub(crate) fn max_output_tokens(&self) -> Option<u64> {
        self.cap.asked()
    }

    /// How many answers are asked for.
    pub(crate) fn choices(&self) -> u64 {
        self.choices
    }

    /// Limits each answer of a request that limits it not itself.
    pub(crate) fn limit_output(&mut self, tokens: u64) {
        self.cap.set(tokens);
    }

    /// The body for a backend that calls the model `model_name` and a limit of the answer `cap_field`: the client's
    /// bytes with these in them, and with the parameters that it has not set.
    pub(crate) fn body_for(&self, model_name: &str, cap_field: MaxTokensField, params: &ModelParams) -> Pieces {
        let model = (self.model != model_name).then(|| Splice::model(self.model_at.clone(), model_name));
        let params = params.missing(self.body, |name| self.names.contains(name) || self.cap.covers(name));
        let splices = [model, self.cap.splice(self.body, cap_field), params];
        Pieces::spliced(self.body, splices.into_iter().flatten().collect())
    }
}

/// What is read of the top level.
#[derive(Default)]
struct Reading<'a> {
    body: &'a str,
    model: Option<&'a RawValue>,
    stream: bool,
    has_messages: bool,
    text_bytes: Cell<usize>,
    choices: Option<u64>,
    cap: OutputCap,
    names: HashSet<Cow<'a, str>>,
    /// The member under way, for an error's `param`.
    at: Option<Cow<'a, str>>,
}

impl Reading<'_> {
    fn refusal(&self, error: &serde_json::Error) -> ApiError {
        let text = error.to_string();
        let reason = text.split(" at line ").next().unwrap_or_default().to_owned();
        match (&self.at, error.is_data()) {
            (Some(member), true) => ApiError::invalid(member.as_ref(), reason),
            (None, true) => ApiError::new(Code::InvalidValue, reason),
            _ => ApiError::new(Code::InvalidJson, format!("the body is not valid JSON: {text}")),
        }
    }
}

impl<'a> Visitor<'a> for &mut Reading<'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Name(name)) = map.next_key()? {
            self.at = Some(name.clone());
            match name.as_ref() {
                "model" => self.model = Some(map.next_value()?),
                "stream" => self.stream = map.next_value::<Option<bool>>()?.unwrap_or(false),
                "messages" => {
                    map.next_value_seed(Counted { what: "messages", least: 1, most: MAX_MESSAGES, text_bytes: &self.text_bytes })?;
                    self.has_messages = true;
                }
                "tools" => map.next_value_seed(Counted { what: "tools", least: 0, most: MAX_TOOLS, text_bytes: &self.text_bytes })?,
                "n" => self.choices = check_choices(map.next_value()?)?,
                "max_tokens" | "max_completion_tokens" => {
                    let value: &RawValue = map.next_value()?;
                    // What is no number is the backend's to judge, but for its depth.
                    let mut json = serde_json::Deserializer::from_str(value.get());
                    Checked { text_bytes: &Cell::default() }.deserialize(&mut json).map_err(de::Error::custom)?;
                    self.cap.note(value, self.body);
                }
                _ => map.next_value_seed(Checked { text_bytes: &Cell::default() })?,
            }
            if !self.names.insert(name) {
                return Err(de::Error::custom("the member is there twice"));
            }
            if self.names.len() > MAX_MEMBERS {
                return Err(de::Error::custom("the body has too many members"));
            }
            self.at = None;
        }
        Ok(())
    }
}

fn check_choices<E: de::Error>(n: Option<u64>) -> Result<Option<u64>, E> {
    match n {
        None | Some(1..=MAX_CHOICES) => Ok(n),
        Some(_) => Err(E::custom(format!("n must be 1 to {MAX_CHOICES}"))),
    }
}

/// A member's name, borrowed where it has no escapes.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Any JSON value, for its form and the length of its texts. Unlike serde's `IgnoredAny` it keeps the limit of nesting
/// (promise 27).
#[derive(Clone, Copy)]
struct Checked<'c> {
    text_bytes: &'c Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for Checked<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Checked<'_> {
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
        let bytes = if text.starts_with("data:") { BYTES_PER_IMAGE } else { text.len() };
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
        while map.next_key_seed(Checked { text_bytes: &Cell::default() })?.is_some() {
            map.next_value_seed(self)?;
        }
        Ok(())
    }
}

/// An array of `least` to `most` values; `null` counts as an empty one.
struct Counted<'c> {
    what: &'static str,
    least: u64,
    most: u64,
    text_bytes: &'c Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for Counted<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Counted<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an array of {} to {} {}", self.least, self.most, self.what)
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        if self.least == 0 { Ok(()) } else { Err(E::invalid_type(de::Unexpected::Unit, &self)) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut count = 0;
        while items.next_element_seed(Checked { text_bytes: self.text_bytes })?.is_some() {
            count += 1;
        }
        if (self.least..=self.most).contains(&count) {
            return Ok(());
        }
        Err(de::Error::custom(format!("there must be {} to {} {}", self.least, self.most, self.what)))
    }
}

#[cfg(test)]
mod tests {
    use shared::http::Dialect;
    use shared::models::RequestId;

    use super::*;

    fn bytes(body: &str) -> Bytes {
        Bytes::copy_from_slice(body.as_bytes())
    }

    fn refusal(body: &str) -> (Code, String) {
        let error = ChatAsk::read(&bytes(body)).unwrap_err();
        let rendered = error.body(Dialect::OpenAi, &RequestId::generate());
        (error.code(), rendered["error"]["param"].as_str().unwrap_or_default().to_owned())
    }

    #[test]
    fn only_the_models_name_differs_for_a_backend() {
        let body = r#"{ "x":1.0000000000000000001, "model" : "a\u0062c" ,"messages":[{}],"stream":true }"#;
        let bytes = bytes(body);
        let ask = ChatAsk::read(&bytes).unwrap();
        assert_eq!((ask.model(), ask.stream()), ("abc", true));
        let sent = |name| ask.body_for(name, MaxTokensField::MaxTokens, &ModelParams::default()).to_vec();
        assert_eq!(sent("abc"), body.as_bytes(), "the same name is left as it was written");
        let expected = r#"{ "x":1.0000000000000000001, "model" : "my \"model\"" ,"messages":[{}],"stream":true }"#;
        assert_eq!(String::from_utf8(sent("my \"model\"")).unwrap(), expected);
    }

    #[test]
    fn p43_a_limit_of_the_answer_is_written_where_the_client_has_none() {
        let sent = |members: &str, field| {
            let bytes = bytes(&format!(r#"{{"model":"m","messages":[{{}}]{members}}}"#));
            let mut ask = ChatAsk::read(&bytes).unwrap();
            if ask.max_output_tokens().is_none() {
                ask.limit_output(7);
            }
            String::from_utf8(ask.body_for("m", field, &ModelParams::default()).to_vec()).unwrap()
        };
        let (old, new) = (MaxTokensField::MaxTokens, MaxTokensField::MaxCompletionTokens);
        assert_eq!(sent("", old), r#"{"max_tokens":7,"model":"m","messages":[{}]}"#);
        assert_eq!(sent("", new), r#"{"max_completion_tokens":7,"model":"m","messages":[{}]}"#);
        for void in ["null", "0", "-1"] {
            let members = format!(r#","max_tokens":{void}"#);
            assert_eq!(sent(&members, new), r#"{"model":"m","messages":[{}],"max_tokens":7}"#, "{void}");
        }
        let own = r#","max_tokens":null,"max_completion_tokens":9"#;
        assert_eq!(sent(own, old), format!(r#"{{"model":"m","messages":[{{}}]{own}}}"#), "the client's own limit stays");
    }

    #[test]
    fn p28_wrong_values_name_their_field() {
        for (body, field) in [
            (r#"{"messages":[{}]}"#, "model"),
            (r#"{"model":7,"messages":[{}]}"#, "model"),
            (r#"{"model":"m"}"#, "messages"),
            (r#"{"model":"m","messages":[]}"#, "messages"),
            (r#"{"model":"m","messages":"hi"}"#, "messages"),
            (r#"{"model":"m","messages":[{}],"stream":"yes"}"#, "stream"),
            (r#"{"model":"m","messages":[{}],"n":9}"#, "n"),
            (r#"{"model":"m","messages":[{}],"n":0}"#, "n"),
        ] {
            assert_eq!(refusal(body), (Code::InvalidValue, field.to_owned()), "{body}");
        }
        assert_eq!(refusal("[]").0, Code::InvalidValue);
    }

    #[test]
    fn p27_one_well_formed_value_without_duplicates() {
        let member = |name: &str| format!(r#"{{"model":"m","messages":[{{}}],"{name}":"other"}}"#);
        for name in ["model", "mod\\u0065l"] {
            assert_eq!(refusal(&member(name)), (Code::InvalidValue, "model".to_owned()));
        }
        for body in ["", "{", r#"{"model":"m","messages":[{}]} {}"#, r#"{"model":"m","messages":[{},]}"#] {
            assert_eq!(refusal(body).0, Code::InvalidJson, "{body}");
        }
        assert_eq!(ChatAsk::read(&Bytes::from_static(b"{\"model\":\"\xff\"}")).unwrap_err().code(), Code::InvalidJson);
    }

    #[test]
    fn p27_nesting_ends_at_127() {
        let nested = |depth: usize| {
            let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            format!(r#"{{"model":"m","messages":[{{}}],"x":{deep}}}"#)
        };
        assert!(ChatAsk::read(&bytes(&nested(126))).is_ok());
        assert_eq!(refusal(&nested(127)).0, Code::InvalidJson);
        assert_eq!(refusal(&nested(100_000)).0, Code::InvalidJson);
    }
}
