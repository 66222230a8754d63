//! The words of a backend, fit for clients and logs (HA1, B6.6): without what is secret in the call, without addresses,
//! and not longer than a person reads.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use super::secrets::{OWN_KEY_PREFIX, Secrets};

/// Characters of a message.
const MAX_MESSAGE: usize = 500;
/// Bytes of an error object that is passed on.
const MAX_OBJECT: usize = 8 * 1024;
const HIDDEN: &str = "[hidden]";
const ADDRESS: &str = "[address]";

/// Text that may be shown to a client or written to a log. Only [`Secrets::clean`] makes it of a backend's words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CleanedMessage(Cow<'static, str>);

impl CleanedMessage {
    /// A message of the gateway's own.
    pub const fn own(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_text(self) -> Cow<'static, str> {
        self.0
    }
}

impl fmt::Display for CleanedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Secrets {
    /// The text without secrets and addresses, cut to 500 characters.
    pub fn clean(&self, text: &str) -> CleanedMessage {
        CleanedMessage(Cow::Owned(cut(self.without_secrets(text))))
    }

    /// An error object with all of its strings cleaned; `None` if it is too long to be passed on.
    pub(super) fn clean_object(&self, mut object: Value) -> Option<Value> {
        self.clean_value(&mut object);
        (object.to_string().len() <= MAX_OBJECT).then_some(object)
    }

    fn clean_value(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = cut(self.without_secrets(text)),
            Value::Array(items) => items.iter_mut().for_each(|item| self.clean_value(item)),
            Value::Object(members) => {
                members.retain(|name, _| !self.are_in(name));
                members.values_mut().for_each(|value| self.clean_value(value));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn without_secrets(&self, text: &str) -> String {
        let mut is_told = vec![false; text.len()];
        self.places(text)
            .into_iter()
            .for_each(|place| is_told[place].fill(true));
        let (mut clean, mut was_told) = (String::with_capacity(text.len()), false);
        for (at, letter) in text.char_indices() {
            match (is_told[at], was_told) {
                (false, _) => clean.push(letter),
                (true, false) => clean.push_str(HIDDEN),
                (true, true) => {}
            }
            was_told = is_told[at];
        }
        without_own_keys(&without_addresses(&clean))
    }
}

/// Whatever looks like an API key of the gateway.
fn without_own_keys(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(OWN_KEY_PREFIX) {
        let (before, key) = rest.split_at(start);
        clean.push_str(before);
        clean.push_str(HIDDEN);
        let behind = key[OWN_KEY_PREFIX.len()..].trim_start_matches(|letter: char| letter.is_ascii_alphanumeric());
        rest = behind;
    }
    clean.push_str(rest);
    clean
}

/// The message without URLs and numeric addresses: clients must not learn where the backend is.
fn without_addresses(message: &str) -> String {
    let words = message.split_inclusive(is_word_end);
    words
        .map(|word| {
            if is_address(word) {
                Cow::Owned(hidden(word))
            } else {
                Cow::Borrowed(word)
            }
        })
        .collect()
}

fn is_word_end(letter: char) -> bool {
    letter.is_whitespace() || "\"'()<>,;=".contains(letter)
}

fn is_address(word: &str) -> bool {
    let host = word.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric() && letter != ']');
    let bare = host.split_once(':').map_or(host, |(host, _)| host);
    let v6 = host.trim_start_matches('[').split(']').next().unwrap_or_default();
    word.contains("://")
        || bare.parse::<std::net::Ipv4Addr>().is_ok()
        || (v6.len() > 2 && v6.parse::<std::net::Ipv6Addr>().is_ok())
}

/// `[address]`, with the mark that ended the word.
fn hidden(word: &str) -> String {
    let end = word.trim_start_matches(|letter: char| !is_word_end(letter));
    format!("{ADDRESS}{end}")
}

fn cut(text: String) -> String {
    match text.char_indices().nth(MAX_MESSAGE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::json;

    use super::*;

    fn secrets() -> Secrets {
        Secrets::new(["Bearer h-value-7", "gpu-3.internal", "", "ab"]).and_credential("sk-backend/1")
    }

    #[test]
    fn ha1_no_secret_of_the_call_is_left_however_it_is_written() {
        let encoded = STANDARD.encode("sk-backend/1");
        for text in [
            "key sk-backend/1 refused",
            "key=sk-backend%2F1",
            "SK-BACKEND/1",
            &encoded,
            "h-value-7",
            "no route to gpu-3.internal:8000",
            "GPU-3.Internal",
            "sk-tg-0123456789abcdef",
        ] {
            let clean = secrets().clean(text);
            assert!(clean.as_str().contains(HIDDEN), "{clean}");
            assert!(!secrets().are_in(clean.as_str()), "{clean}");
        }
        assert_eq!(
            secrets().clean("about ab").as_str(),
            "about ab",
            "too short to be a secret"
        );
    }

    #[test]
    fn ha1_addresses_are_hidden_and_their_punctuation_stays() {
        let clean = |text: &str| secrets().clean(text).into_text().into_owned();
        assert_eq!(
            clean("see (http://10.0.0.1:8000/v1), please"),
            "see ([address]), please"
        );
        assert_eq!(clean("dial 10.0.0.1:8000: refused"), "dial [address] refused");
        assert_eq!(clean("host=10.1.2.3"), "host=[address]");
        assert_eq!(clean("at [fd00::1]:80"), "at [address]");
        assert_eq!(clean("version 1.2.3"), "version 1.2.3");
    }

    #[test]
    fn ha1_a_message_has_500_characters_at_most() {
        assert_eq!(secrets().clean(&"ä".repeat(500)).as_str(), "ä".repeat(500));
        assert_eq!(secrets().clean(&"ä".repeat(501)).as_str().chars().count(), 501);
        assert!(secrets().clean(&"ä".repeat(9999)).as_str().ends_with('…'));
    }

    #[test]
    fn b6_6_an_object_is_cleaned_in_every_string() {
        let object =
            json!({"error": {"message": "sk-backend/1", "n": 1.5, "of": ["gpu-3.internal"]}, "sk-backend/1": 1});
        let clean = secrets().clean_object(object);
        assert_eq!(
            clean,
            Some(json!({"error": {"message": HIDDEN, "n": 1.5, "of": [HIDDEN]}}))
        );
        let long: Vec<String> = vec!["x".repeat(400); 30];
        assert_eq!(secrets().clean_object(json!(long)), None);
    }
}
