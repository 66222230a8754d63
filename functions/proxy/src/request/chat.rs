//! A chat request, read in one pass over the body without building a tree (promises 27 and 28).
//!
//! The body stays the client's bytes; what must differ for a backend is spliced in when it is sent.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::ops::Range;

use bytes::Bytes;
use serde::de::{self, DeserializeSeed as _, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use service::http::{ApiError, Code};
use service::outbound::Pieces;
use translators::settings::BackendSettings;

use super::BYTES_PER_TOKEN;
use super::json_check::{Checked, Counted};
use super::max_tokens::OutputCap;
use super::stream_options::asking_for_usage;
use crate::patch::{Splice, spliced};
use crate::request::model_params::ModelParams;

/// More members than any API has; a bound for what is remembered of a body.
const MAX_MEMBERS: usize = 200;
const MAX_MESSAGES: u64 = 10_000;
const MAX_TOOLS: u64 = 1024;
const MAX_CHOICES: u64 = 8;

/// A chat request that is well formed. It borrows from its body.
#[derive(Clone, Debug)]
pub struct ChatAsk<'a> {
    body: &'a Bytes,
    /// The model's name as the client wrote it, and where it stands in the body, quotes included.
    model: String,
    model_at: Range<usize>,
    stream: bool,
    /// The members that the client has set.
    names: Names<'a>,
    /// Bytes of text in the messages and tools.
    text_bytes: usize,
    choices: u64,
    cap: OutputCap,
    /// What makes it ask for the usage of a stream; absent where the client asks itself, or for no stream.
    usage_wish: Option<Splice>,
}

impl<'a> ChatAsk<'a> {
    /// Reads the body of `POST /v1/chat/completions`.
    ///
    /// # Errors
    /// What is wrong with it, with the member that it is about.
    pub fn read(body: &'a Bytes) -> Result<Self, ApiError> {
        let text = std::str::from_utf8(body).map_err(|_| ApiError::new(Code::InvalidJson, "the body is not UTF-8"))?;
        let mut reading = Reading {
            body: text,
            ..Reading::default()
        };
        let mut json = serde_json::Deserializer::from_str(text);
        let read = json.deserialize_map(&mut reading).and_then(|()| json.end());
        if let Err(error) = read {
            return Err(reading.refusal(&error));
        }
        let raw = reading
            .model
            .ok_or_else(|| ApiError::invalid("model", "the model is missing"))?;
        let model =
            serde_json::from_str(raw.get()).map_err(|_| ApiError::invalid("model", "the model must be a text"))?;
        if !reading.has_messages {
            return Err(ApiError::invalid("messages", "the messages are missing"));
        }
        let start = raw.get().as_ptr().addr() - text.as_ptr().addr();
        let model_at = start..start + raw.get().len();
        let usage_wish = if reading.stream {
            asking_for_usage(text, reading.stream_options)?
        } else {
            None
        };
        let (stream, text_bytes, choices) = (reading.stream, reading.text_bytes.get(), reading.choices.unwrap_or(1));
        let (cap, names) = (reading.cap, reading.names);
        Ok(Self {
            body,
            model,
            model_at,
            stream,
            names,
            text_bytes,
            choices,
            cap,
            usage_wish,
        })
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

    /// Whether usage would come in a stream that the client has not asked for.
    pub(crate) fn is_silent_on_usage(&self) -> bool {
        self.usage_wish.is_some()
    }

    /// The body for a backend with `settings` that calls the model `model_name`: the client's bytes with that name in
    /// them, a limit of the answer where one was set, where the backend takes it the wish for a stream's usage, and the
    /// parameters that the client has not set.
    pub(crate) fn body_for(&self, model_name: &str, settings: &BackendSettings, params: &ModelParams) -> Pieces {
        let model = (self.model != model_name).then(|| Splice::model(self.model_at.clone(), model_name));
        let cap = self.cap.splice(self.body, settings.max_tokens_field);
        let usage = self.usage_wish.clone().filter(|_| settings.stream_usage);
        let asks_usage = usage.is_some();
        let is_set =
            |name: &str| self.names.contains(name) || self.cap.covers(name) || (asks_usage && name == "stream_options");
        let params = params.missing(self.body, is_set);
        spliced(self.body, [model, cap, usage, params].into_iter().flatten().collect())
    }
}

/// What is read of the top level.
#[derive(Default)]
struct Reading<'a> {
    body: &'a str,
    model: Option<&'a RawValue>,
    stream: bool,
    has_messages: bool,
    stream_options: Option<&'a RawValue>,
    text_bytes: Cell<usize>,
    choices: Option<u64>,
    cap: OutputCap,
    names: Names<'a>,
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
                "stream_options" => self.stream_options = Some(map.next_value()?),
                "messages" => {
                    map.next_value_seed(Counted {
                        what: "messages",
                        least: 1,
                        most: MAX_MESSAGES,
                        text_bytes: &self.text_bytes,
                    })?;
                    self.has_messages = true;
                }
                "tools" => map.next_value_seed(Counted {
                    what: "tools",
                    least: 0,
                    most: MAX_TOOLS,
                    text_bytes: &self.text_bytes,
                })?,
                "n" => self.choices = check_choices(map.next_value()?)?,
                "max_tokens" | "max_completion_tokens" => {
                    let value: &RawValue = map.next_value()?;
                    // What is no number is the backend's to judge, but for its depth.
                    let mut json = serde_json::Deserializer::from_str(value.get());
                    Checked {
                        text_bytes: &Cell::default(),
                    }
                    .deserialize(&mut json)
                    .map_err(de::Error::custom)?;
                    self.cap.note(value, self.body);
                }
                _ => map.next_value_seed(Checked {
                    text_bytes: &Cell::default(),
                })?,
            }
            self.names.insert(name).map_err(de::Error::custom)?;
            self.at = None;
        }
        Ok(())
    }
}

/// The names of members. A body has a dozen: looking at each is quicker than hashing any.
#[derive(Clone, Debug, Default)]
struct Names<'a>(Vec<Cow<'a, str>>);

impl<'a> Names<'a> {
    fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|known| known == name)
    }

    fn insert(&mut self, name: Cow<'a, str>) -> Result<(), &'static str> {
        if self.contains(&name) {
            return Err("the member is there twice");
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

/// A member's name, borrowed where it has no escapes.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use domain::models::RequestId;
    use service::http::Dialect;
    use translators::settings::MaxTokensField;

    use super::*;
    use crate::patch::joined;

    fn bytes(body: &str) -> Bytes {
        Bytes::copy_from_slice(body.as_bytes())
    }

    /// A backend that is not asked for the usage of streams.
    fn silent() -> BackendSettings {
        BackendSettings {
            stream_usage: false,
            ..BackendSettings::default()
        }
    }

    fn refusal(body: &str) -> (Code, String) {
        let error = ChatAsk::read(&bytes(body)).unwrap_err();
        let rendered = error.body(Dialect::OpenAi, &RequestId::generate());
        (
            error.code(),
            rendered["error"]["param"].as_str().unwrap_or_default().to_owned(),
        )
    }

    #[test]
    fn only_the_models_name_differs_for_a_backend() {
        let body = r#"{ "x":1.0000000000000000001, "model" : "a\u0062c" ,"messages":[{}],"stream":true }"#;
        let bytes = bytes(body);
        let ask = ChatAsk::read(&bytes).unwrap();
        assert_eq!((ask.model(), ask.stream()), ("abc", true));
        let sent = |name| joined(&ask.body_for(name, &silent(), &ModelParams::default()));
        assert_eq!(sent("abc"), body.as_bytes(), "the same name is left as it was written");
        let expected = r#"{ "x":1.0000000000000000001, "model" : "my \"model\"" ,"messages":[{}],"stream":true }"#;
        assert_eq!(String::from_utf8(sent("my \"model\"")).unwrap(), expected);
    }

    #[test]
    fn p43_a_limit_of_the_answer_is_written_where_the_client_has_none() {
        let sent = |members: &str, max_tokens_field| {
            let bytes = bytes(&format!(r#"{{"model":"m","messages":[{{}}]{members}}}"#));
            let mut ask = ChatAsk::read(&bytes).unwrap();
            if ask.max_output_tokens().is_none() {
                ask.limit_output(7);
            }
            let settings = BackendSettings {
                max_tokens_field,
                ..silent()
            };
            String::from_utf8(joined(&ask.body_for("m", &settings, &ModelParams::default()))).unwrap()
        };
        let (old, new) = (MaxTokensField::MaxTokens, MaxTokensField::MaxCompletionTokens);
        assert_eq!(sent("", old), r#"{"max_tokens":7,"model":"m","messages":[{}]}"#);
        assert_eq!(
            sent("", new),
            r#"{"max_completion_tokens":7,"model":"m","messages":[{}]}"#
        );
        for void in ["null", "0", "-1"] {
            let members = format!(r#","max_tokens":{void}"#);
            assert_eq!(
                sent(&members, new),
                r#"{"model":"m","messages":[{}],"max_tokens":7}"#,
                "{void}"
            );
        }
        let own = r#","max_tokens":null,"max_completion_tokens":9"#;
        assert_eq!(
            sent(own, old),
            format!(r#"{{"model":"m","messages":[{{}}]{own}}}"#),
            "the client's own limit stays"
        );
    }

    #[test]
    fn the_wish_for_usage_is_added_where_it_can_be() {
        let sent = |body: &str, name: &str, stream_usage: bool| {
            let settings = BackendSettings {
                stream_usage,
                ..silent()
            };
            let body = bytes(body);
            let ask = ChatAsk::read(&body).unwrap();
            String::from_utf8(joined(&ask.body_for(name, &settings, &ModelParams::default()))).unwrap()
        };
        let body = r#" {"model":"m","messages":[{}],"stream":true}"#;
        let expected = r#" {"stream_options":{"include_usage":true},"model":"m","messages":[{}],"stream":true}"#;
        assert_eq!(sent(body, "m", true), expected);
        assert_eq!(sent(body, "x", true), expected.replace("\"m\"", "\"x\""));
        assert_eq!(sent(body, "m", false), body);
        for (given, becomes) in [
            ("null", true),
            ("{}", true),
            (r#"{ "include_usage" : false }"#, true),
            (r#"{ "include_usage" : true }"#, false),
        ] {
            let body = format!(r#"{{"stream_options":{given},"messages":[{{}}],"stream":true,"model":"m"}}"#);
            let edited = if becomes { r#"{"include_usage":true}"# } else { given };
            assert_eq!(
                sent(&body, "longer", true),
                body.replacen(given, edited, 1).replace("\"m\"", "\"longer\"")
            );
            assert_eq!(ChatAsk::read(&bytes(&body)).unwrap().is_silent_on_usage(), becomes);
            let whole = body.replace("\"stream\":true", "\"stream\":false");
            assert_eq!(
                sent(&whole, "m", true),
                whole,
                "an answer that is not streamed tells its usage by itself"
            );
        }
        let other = r#"{"stream_options":{"include_obfuscation":false},"messages":[{}],"stream":true,"model":"m"}"#;
        assert!(
            sent(other, "m", true).contains(r#""stream_options":{"include_usage":true,"include_obfuscation":false}"#)
        );
    }

    #[test]
    fn the_prompts_length_is_known_about() {
        let body = |content: &str| {
            format!(r#"{{"model":"m","messages":[{{"role":"user","content":{content}}}],"x":"not counted"}}"#)
        };
        let estimate = |content: &str| ChatAsk::read(&bytes(&body(content))).unwrap().input_estimate();
        assert_eq!(estimate(r#""12345678""#), 3);
        assert_eq!(estimate(r#"[{"text":"12345678"}]"#), 3);
        let image = format!("\"data:image/png;base64,{}\"", "A".repeat(100_000));
        assert_eq!(estimate(&format!("[{image}]")), 1601);
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
            (
                r#"{"model":"m","messages":[{}],"stream":true,"stream_options":7}"#,
                "stream_options",
            ),
            (
                r#"{"model":"m","messages":[{}],"stream":true,"stream_options":{"include_usage":1}}"#,
                "stream_options",
            ),
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
        for body in [
            "",
            "{",
            r#"{"model":"m","messages":[{}]} {}"#,
            r#"{"model":"m","messages":[{},]}"#,
        ] {
            assert_eq!(refusal(body).0, Code::InvalidJson, "{body}");
        }
        assert_eq!(
            ChatAsk::read(&Bytes::from_static(b"{\"model\":\"\xff\"}"))
                .unwrap_err()
                .code(),
            Code::InvalidJson
        );
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
