//! The text of a JSON string, still in its escapes.
//!
//! A response's text goes from one JSON string into another. Left escaped, it is copied without being looked
//! at, keeps every code point, even half of a surrogate pair (P5), and pieces can simply be put together.

use std::borrow::Cow;

use serde_json::value::RawValue;

/// The text between the quotes of a JSON string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EscapedText<'a>(&'a str);

/// Stands for any character beyond ASCII: no reader of [`Unit`]s needs to tell them apart.
const BEYOND_ASCII: u8 = 0xFF;

/// One character of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit {
    pub byte: u8,
    /// Where in the escaped text the unit ends.
    pub end: usize,
}

impl<'a> EscapedText<'a> {
    pub const EMPTY: Self = Self("");

    /// The text of a JSON string; `None` for any other value.
    pub fn of(json: &'a RawValue) -> Option<Self> {
        let inner = json.get().strip_prefix('"')?.strip_suffix('"')?;
        Some(Self(inner))
    }

    /// Text that is known to be escaped, such as pieces put together.
    pub fn from_escaped(escaped: &'a str) -> Self {
        Self(escaped)
    }

    pub fn escaped(self) -> &'a str {
        self.0
    }

    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// True if the text is empty or white space.
    pub fn is_blank(self) -> bool {
        self.units().all(|unit| unit.byte.is_ascii_whitespace())
    }

    /// True if the text begins with `start`, however it is escaped. The case of ASCII letters does not count.
    pub fn begins_with(self, start: &str) -> bool {
        let mut units = self.units();
        start
            .bytes()
            .all(|byte| units.next().is_some_and(|unit| unit.byte.eq_ignore_ascii_case(&byte)))
    }

    /// Cuts at a [`Unit::end`].
    pub fn split_at(self, end: usize) -> (Self, Self) {
        let (head, tail) = self.0.split_at(end);
        (Self(head), Self(tail))
    }

    pub fn units(self) -> Units<'a> {
        Units {
            bytes: self.0.as_bytes(),
            at: 0,
        }
    }

    /// The text without escapes. Half a surrogate pair has no such form; then the escapes stay.
    pub fn decode(self) -> Cow<'a, str> {
        if memchr::memchr(b'\\', self.0.as_bytes()).is_none() {
            return Cow::Borrowed(self.0);
        }
        let decoded = serde_json::from_str(&format!("\"{}\"", self.0));
        decoded.map_or(Cow::Borrowed(self.0), Cow::Owned)
    }
}

/// Walks over a text without building it.
#[derive(Debug, Clone)]
pub struct Units<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Iterator for Units<'_> {
    type Item = Unit;

    fn next(&mut self) -> Option<Unit> {
        let rest = &self.bytes[self.at..];
        let (byte, length) = match *rest.first()? {
            b'\\' => unescape(rest),
            byte if byte.is_ascii() => (byte, 1),
            lead => (BEYOND_ASCII, utf8_length(lead)),
        };
        self.at = (self.at + length).min(self.bytes.len());
        Some(Unit { byte, end: self.at })
    }
}

/// The length in bytes of a character beyond ASCII, by its first byte.
fn utf8_length(lead: u8) -> usize {
    match lead {
        0xF0.. => 4,
        0xE0.. => 3,
        _ => 2,
    }
}

/// The character of the escape that `rest` begins with, and the escape's length.
fn unescape(rest: &[u8]) -> (u8, usize) {
    match rest.get(1) {
        Some(b'n') => (b'\n', 2),
        Some(b't') => (b'\t', 2),
        Some(b'r') => (b'\r', 2),
        Some(b'b') => (0x08, 2),
        Some(b'f') => (0x0C, 2),
        Some(b'u') => (unescape_hex(rest), 6),
        Some(byte) => (*byte, 2),
        None => (b'\\', 1),
    }
}

fn unescape_hex(rest: &[u8]) -> u8 {
    let digits = rest.get(2..6).and_then(|digits| std::str::from_utf8(digits).ok());
    let code = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
    code.filter(u8::is_ascii).unwrap_or(BEYOND_ASCII)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(escaped: &str) -> Vec<u8> {
        EscapedText(escaped).units().map(|unit| unit.byte).collect()
    }

    #[test]
    fn units_see_through_escapes() {
        assert_eq!(
            bytes(r#"a\"\\\n\u007b\u00e9"#),
            [b'a', b'"', b'\\', b'\n', b'{', BEYOND_ASCII]
        );
        assert_eq!(bytes("é€😀a"), [BEYOND_ASCII, BEYOND_ASCII, BEYOND_ASCII, b'a']);
    }

    #[test]
    fn blank_is_white_space_in_any_spelling() {
        assert!(EscapedText(r" \n\t\u0020").is_blank());
        assert!(EscapedText::EMPTY.is_blank());
        assert!(!EscapedText(r" \\n").is_blank());
    }

    #[test]
    fn p5_half_a_surrogate_pair_keeps_its_escape() {
        assert_eq!(EscapedText(r"\ud83d").decode(), r"\ud83d");
        assert_eq!(EscapedText(r"\ud83d\ude00").decode(), "😀");
    }
}
