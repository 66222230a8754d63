//! Reads the error bodies of backends: five shapes of JSON, plain text and HTML pages.

use serde::Deserialize;
use serde_json::Value;

use super::overflow::Overflow;

/// A backend's error body, as far as it could be read.
#[derive(Debug, Default)]
pub(super) struct Report {
    message: Option<String>,
    /// The numeric code, or the words of `code` and `type`.
    number: Option<u64>,
    words: Vec<String>,
    prompt_tokens: Option<u64>,
    context_tokens: Option<u64>,
    /// The message of the provider behind the backend (OpenRouter).
    inner: Option<String>,
}

/// The members of an error body, and of the `error` object inside of it: vendors put them in either.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Members {
    error: Value,
    message: Value,
    msg: Value,
    detail: Value,
    code: Value,
    #[serde(rename = "type")]
    kind: Value,
    metadata: Value,
    n_prompt_tokens: Option<u64>,
    n_ctx: Option<u64>,
}

impl Report {
    pub(super) fn of(body: &[u8]) -> Self {
        let Ok(outer) = serde_json::from_slice::<Members>(body) else {
            return Self::default();
        };
        let inner = Members::deserialize(&outer.error).unwrap_or_default();
        Self {
            message: message(&outer, &inner).map(|message| without_addresses(&message)),
            number: [&inner.code, &outer.code].into_iter().find_map(number),
            words: [&inner.code, &inner.kind, &outer.code, &outer.kind]
                .into_iter()
                .filter_map(text)
                .collect(),
            prompt_tokens: inner.n_prompt_tokens.or(outer.n_prompt_tokens),
            context_tokens: inner.n_ctx.or(outer.n_ctx),
            inner: text(&inner.metadata["raw"]).map(|raw| without_addresses(&raw)),
        }
    }

    /// The backend's message. Whatever is no JSON, such as an HTML page, is never copied.
    pub(super) fn message(&self, status: u16) -> String {
        self.message
            .clone()
            .unwrap_or_else(|| format!("upstream returned HTTP {status}"))
    }

    pub(super) fn is_silent(&self) -> bool {
        self.message.is_none()
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

    /// The message in the wording that agents know, if the context is too small for the request.
    pub(super) fn context_overflow(&self) -> Option<String> {
        let message = self.message.as_deref().unwrap_or_default();
        let text = self
            .inner
            .as_deref()
            .map_or(message.to_owned(), |inner| format!("{message}: {inner}"));
        let known = self.words.iter().any(|word| word.contains("context_length_exceeded"))
            || self.words.iter().any(|word| word == "exceed_context_size_error");
        let overflow = Overflow::read(&text, known)?;
        Some(
            overflow
                .or_counts(self.prompt_tokens, self.context_tokens)
                .wording(&text),
        )
    }
}

fn message(outer: &Members, inner: &Members) -> Option<String> {
    text(&inner.message)
        .or_else(|| text(&outer.error))
        .or_else(|| text(&outer.message))
        .or_else(|| text(&outer.msg))
        .or_else(|| text(&outer.detail))
        .or_else(|| (!outer.detail.is_null()).then(|| outer.detail.to_string()))
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A code as a number, also where it is written as a string.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn status_of_number(code: u64) -> Option<u16> {
    match code {
        400..=599 => u16::try_from(code).ok(),
        // GLM's own codes: too many requests at once, per minute, per day, or altogether.
        1302 | 1303 | 1304 | 1305 | 1308 => Some(429),
        // GLM: the account is in arrears; the prompt is too long.
        1113 => Some(402),
        1261 => Some(400),
        _ => None,
    }
}

fn status_of_word(word: &str) -> Option<u16> {
    match word {
        "authentication_error" | "invalid_api_key" | "AuthenticationError" => Some(401),
        "billing_error" | "insufficient_quota" => Some(402),
        "conflict_error" => Some(409),
        "invalid_request_error" | "BadRequestError" | "content_filter" => Some(400),
        "not_found_error" | "model_not_found" | "NotFoundError" => Some(404),
        "overloaded" | "overloaded_error" => Some(529),
        "permission_error" | "PermissionDeniedError" => Some(403),
        "request_too_large" => Some(413),
        "timeout_error" => Some(504),
        _ if tells_rate_limit(word) => Some(429),
        _ => None,
    }
}

fn tells_rate_limit(text: &str) -> bool {
    let text = text.to_ascii_lowercase().replace(['_', '-'], " ");
    ["rate limit", "ratelimit", "too many requests"]
        .iter()
        .any(|phrase| text.contains(phrase))
}

/// The message without URLs and numeric addresses: clients must not learn where the backend is.
fn without_addresses(message: &str) -> String {
    let words = message.split_inclusive(|letter: char| letter.is_whitespace() || "\"'()<>,;".contains(letter));
    words
        .map(|word| {
            if is_address(word) {
                hidden(word)
            } else {
                word.to_owned()
            }
        })
        .collect()
}

fn is_address(word: &str) -> bool {
    let host = word.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric());
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    word.contains("://") || host.parse::<std::net::Ipv4Addr>().is_ok()
}

/// `[address]`, with the mark that ended the word.
fn hidden(word: &str) -> String {
    let end = word.trim_start_matches(|letter: char| !letter.is_whitespace() && !"\"'()<>,;".contains(letter));
    format!("[address]{end}")
}
