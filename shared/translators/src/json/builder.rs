//! JSON strings, put together from pieces that are escaped already.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::escaped::EscapedText;
use super::members::Json;
use crate::error::RequestError;

/// Puts a JSON string together from pieces.
#[derive(Debug)]
#[must_use]
pub struct TextBuilder {
    json: String,
}

impl TextBuilder {
    pub fn with_capacity(length: usize) -> Self {
        let mut json = String::with_capacity(length + 2);
        json.push('"');
        Self { json }
    }

    pub fn escaped(mut self, text: EscapedText<'_>) -> Self {
        self.json.push_str(text.escaped());
        self
    }

    /// Text of ours, without quotes, backslashes and control characters: nothing to escape.
    pub fn literal(mut self, text: &str) -> Self {
        debug_assert!(!text.contains(['"', '\\']) && !text.contains(char::is_control));
        self.json.push_str(text);
        self
    }

    /// Any text.
    pub fn plain(mut self, text: &str) -> Result<Self, RequestError> {
        let json = serde_json::to_string(text)?;
        self.json.push_str(&json[1..json.len() - 1]);
        Ok(self)
    }

    pub fn newline(self) -> Self {
        self.literal_escape("\\n")
    }

    /// A line of its own, or nothing where there is no text.
    pub fn line(self, text: Option<EscapedText<'_>>) -> Self {
        match text.filter(|text| !text.is_empty()) {
            None => self,
            Some(text) if self.json.len() == 1 => self.escaped(text),
            Some(text) => self.newline().escaped(text),
        }
    }

    /// JSON as text: without white space between its tokens (§3.5, `tool_use`).
    pub fn json(mut self, json: &str) -> Self {
        let mut rest = json;
        while let Some(quote) = rest.find('"') {
            let (tokens, string) = rest.split_at(quote);
            self.json.extend(tokens.split_ascii_whitespace());
            let length = string_length(string);
            self.quoted(&string[..length]);
            rest = &string[length..];
        }
        self.json.extend(rest.split_ascii_whitespace());
        self
    }

    /// A string with its quotes, escaped once more.
    fn quoted(&mut self, string: &str) {
        let mut rest = string;
        while let Some(at) = memchr::memchr2(b'"', b'\\', rest.as_bytes()) {
            self.json.push_str(&rest[..at]);
            self.json.push('\\');
            self.json.push_str(&rest[at..=at]);
            rest = &rest[at + 1..];
        }
        self.json.push_str(rest);
    }

    pub fn build<'a>(mut self) -> Result<Json<'a>, RequestError> {
        self.json.push('"');
        Ok(Cow::Owned(RawValue::from_string(self.json)?))
    }

    fn literal_escape(mut self, escape: &str) -> Self {
        self.json.push_str(escape);
        self
    }
}

/// The length of the string that `json` begins with, its quotes included.
fn string_length(json: &str) -> usize {
    let bytes = json.as_bytes();
    let mut at = 1;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if bytes[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    bytes.len()
}

/// Any text as a JSON string.
pub fn json_string<'a>(text: &str) -> Result<Json<'a>, RequestError> {
    Ok(Cow::Owned(serde_json::value::to_raw_value(text)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p5_json_as_text_loses_white_space_between_tokens_only() {
        let input = r#" { "b" : [ 1.0 , 12345678901234567890 ], "a": "x \" \\" , "c": "\ud83d" } "#;
        let text = TextBuilder::with_capacity(0).json(input).build().unwrap();
        let decoded: serde_json::Result<String> = serde_json::from_str(text.get());
        let expected = r#"{"b":[1.0,12345678901234567890],"a":"x \" \\","c":"\ud83d"}"#;
        assert_eq!(decoded.unwrap(), expected);
    }
}
