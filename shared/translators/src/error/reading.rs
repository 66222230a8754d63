//! Reads what backends write when they fail (B6.1): JSON of many shapes, an event stream, plain text, HTML pages.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;

use super::clean::CleanedMessage;
use super::dialect::Dialect;
use super::overflow::Overflow;
use super::secrets::Secrets;
use super::status::{status_of_number, status_of_word, tells_rate_limit};
use super::surrogates::without_halves;
use crate::sse::Decoder;

/// A backend's error body, as far as it could be read.
#[derive(Debug, Default)]
pub(super) struct Report {
    message: Option<String>,
    /// The numeric code, or the words of `code` and `type`.
    number: Option<u64>,
    words: Vec<String>,
    prompt_tokens: Option<u64>,
    context_tokens: Option<u64>,
    /// What the provider behind the backend said (OpenRouter).
    inner: Option<String>,
    /// Seconds until another try makes sense (E6).
    pub(super) retry_after: Option<u64>,
    /// The whole of it, if it is an object.
    object: Option<Value>,
}

/// The members of an error body, and of the `error` object inside of it: vendors put them in either.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Members {
    error: Value,
    errors: Value,
    message: Value,
    msg: Value,
    detail: Value,
    code: Value,
    #[serde(rename = "type")]
    kind: Value,
    /// AWS: `com.amazonaws#ThrottlingException` (E2).
    #[serde(rename = "__type")]
    aws_kind: Value,
    status: Value,
    metadata: Value,
    /// `MiniMax`.
    base_resp: Value,
    /// Google (E6).
    details: Value,
    choices: Value,
    n_prompt_tokens: Value,
    n_ctx: Value,
}

impl Report {
    pub(super) fn of(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let text = text.trim_start_matches('\u{feff}').trim();
        let parsed = serde_json::from_str(text).ok();
        let json = parsed.or_else(|| serde_json::from_str(&without_halves(text)?).ok());
        json.map_or_else(|| Self::of_text(text), Self::of_json)
    }

    /// Words that stand beside the body, in a header (E2).
    pub(super) fn with_word(mut self, word: Option<&str>) -> Self {
        self.words.extend(word.map(str::to_owned));
        self
    }

    fn of_json(json: Value) -> Self {
        match json {
            Value::Array(items) => items.into_iter().next().map(Self::of_json).unwrap_or_default(),
            Value::String(text) => Self::said(&text),
            object @ Value::Object(_) => Self::of_object(object),
            Value::Null | Value::Bool(_) | Value::Number(_) => Self::default(),
        }
    }

    fn of_object(object: Value) -> Self {
        let outer = Members::deserialize(&object).unwrap_or_default();
        let inner = outer.inner();
        let base = &outer.base_resp;
        Self {
            message: message(&outer, &inner),
            number: [&inner.code, &outer.code, &base["status_code"]]
                .into_iter()
                .find_map(number),
            words: [
                &inner.code,
                &inner.kind,
                &inner.status,
                &outer.code,
                &outer.kind,
                &outer.aws_kind,
            ]
            .into_iter()
            .filter_map(text)
            .collect(),
            prompt_tokens: number(&inner.n_prompt_tokens).or_else(|| number(&outer.n_prompt_tokens)),
            context_tokens: number(&inner.n_ctx).or_else(|| number(&outer.n_ctx)),
            inner: text(&inner.metadata["raw"]),
            retry_after: retry_delay(&inner.details),
            object: Some(object),
        }
    }

    /// Plain text, or an event stream. A page of HTML is never copied.
    fn of_text(text: &str) -> Self {
        if text.starts_with('<') {
            return Self::default();
        }
        let mut decoder = Decoder::new(text.len() + 1);
        decoder.feed(Bytes::copy_from_slice(text.as_bytes()));
        let complete: Vec<_> = decoder.by_ref().map_while(Result::ok).collect();
        let events = complete.into_iter().chain(decoder.finish());
        let data = events
            .filter_map(|event| event.data().map(<[u8]>::to_vec))
            .find(|data| !data.is_empty());
        match data {
            Some(data) => serde_json::from_slice(&data).map_or_else(|_| Self::default(), Self::of_json),
            None => Self::said(text),
        }
    }

    fn said(text: &str) -> Self {
        Self {
            message: Some(text.to_owned()).filter(|text| !text.is_empty()),
            ..Self::default()
        }
    }

    /// The backend's message, cleaned.
    pub(super) fn message(&self, secrets: &Secrets) -> Option<CleanedMessage> {
        self.message.as_deref().map(|message| secrets.clean(message))
    }

    /// The body as it came but for secrets, if it is an error of this dialect.
    pub(super) fn object_of(&self, dialect: Dialect, secrets: &Secrets) -> Option<Value> {
        let object = self.object.as_ref()?;
        let told = object["error"]["message"].is_string();
        let has_form = match dialect {
            Dialect::OpenAi => told,
            Dialect::Anthropic => told && object["type"] == "error" && object["error"]["type"].is_string(),
            Dialect::Management | Dialect::OAuth => false,
        };
        has_form.then(|| secrets.clean_object(object.clone())).flatten()
    }

    /// The HTTP status that the code, the type or the wording means; for errors that came with status 200.
    pub(super) fn status(&self) -> Option<u16> {
        let by_number = self.number.and_then(status_of_number);
        by_number
            .or_else(|| self.words.iter().find_map(|word| status_of_word(word)))
            .or_else(|| {
                self.message
                    .as_deref()
                    .filter(|message| tells_rate_limit(message))
                    .map(|_| 429)
            })
    }

    /// The HTTP status that AWS's word for the error means, whatever status it came with (E2).
    pub(super) fn aws_status(&self) -> Option<u16> {
        let mut exceptions = self.words.iter().filter(|word| word.contains("Exception"));
        exceptions.find_map(|word| status_of_word(word))
    }

    /// The message in the wording that agents know, if the context is too small for the request.
    pub(super) fn context_overflow(&self, secrets: &Secrets) -> Option<CleanedMessage> {
        let message = self.message.as_deref().unwrap_or_default();
        let text = self
            .inner
            .as_deref()
            .map_or(message.to_owned(), |inner| format!("{message}: {inner}"));
        let overflow = Overflow::read(&text, self.number, &self.words)?;
        let counted = overflow.or_counts(self.prompt_tokens, self.context_tokens);
        Some(secrets.clean(&counted.wording(&text)))
    }
}

impl Members {
    /// The error inside: as an object, as the first of a list, or in a choice (B4.1).
    fn inner(&self) -> Self {
        let of_choice = &self.choices[0]["error"];
        let inside = [&self.error, &self.error[0], &self.errors[0], of_choice];
        let object = inside.into_iter().find(|value| value.is_object());
        object
            .and_then(|object| Self::deserialize(object).ok())
            .unwrap_or_default()
    }
}

fn message(outer: &Members, inner: &Members) -> Option<String> {
    text(&inner.message)
        .or_else(|| text(&inner.msg))
        .or_else(|| text(&outer.error))
        .or_else(|| text(&outer.message))
        .or_else(|| text(&outer.msg))
        .or_else(|| text(&outer.base_resp["status_msg"]))
        .or_else(|| text(&outer.detail))
        .or_else(|| text(&outer.detail["message"]))
        .or_else(|| text(&outer.errors[0]))
        .or_else(|| (!outer.detail.is_null()).then(|| outer.detail.to_string()))
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A code as a number, also where it is written as a string.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// The seconds of a `google.rpc.RetryInfo` such as `"retryDelay": "36.5s"`, rounded up.
fn retry_delay(details: &Value) -> Option<u64> {
    let mut delays = details
        .as_array()?
        .iter()
        .filter_map(|detail| detail["retryDelay"].as_str());
    let seconds = delays.find_map(|delay| delay.strip_suffix('s')?.parse::<f64>().ok())?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates, which is meant"
    )]
    Some(seconds.ceil() as u64)
}
