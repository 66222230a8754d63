//! Letters as they are compared where a secret is looked for: whatever the case, and however they are escaped.

use std::ops::Range;

/// The letters of a text, each with the bytes of the text that say it.
pub(super) struct Letters {
    pub(super) letters: Vec<u8>,
    places: Vec<Range<usize>>,
}

impl Letters {
    pub(super) fn of(text: &str) -> Self {
        let mut read = Self {
            letters: Vec::with_capacity(text.len()),
            places: Vec::with_capacity(text.len()),
        };
        let mut at = 0;
        while let Some(rest) = text.as_bytes().get(at..).filter(|rest| !rest.is_empty()) {
            let (said, length) = escaped(rest).unwrap_or((Said::Byte(rest[0]), 1));
            read.add(said, at..at + length);
            at += length;
        }
        read
    }

    fn add(&mut self, said: Said, place: Range<usize>) {
        match said {
            Said::Byte(byte) => self.add_byte(byte, place),
            Said::Character(character) => {
                for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                    self.add_byte(byte, place.clone());
                }
            }
        }
    }

    fn add_byte(&mut self, byte: u8, place: Range<usize>) {
        self.letters.push(match byte {
            // The two alphabets of base64 (RFC 4648 §4, §5) differ in these.
            b'-' => b'+',
            b'_' => b'/',
            byte => byte.to_ascii_lowercase(),
        });
        self.places.push(place);
    }

    /// The bytes of the text that say these letters.
    pub(super) fn place(&self, letters: Range<usize>) -> Range<usize> {
        let place = |letter: usize| self.places.get(letter).cloned().unwrap_or_default();
        place(letters.start).start..place(letters.end.saturating_sub(1)).end
    }
}

enum Said {
    Byte(u8),
    Character(char),
}

/// The meaning of an escape at the start of `rest`, and its length.
fn escaped(rest: &[u8]) -> Option<(Said, usize)> {
    match rest {
        // RFC 3986 §2.1
        [b'%', digits @ ..] => Some((Said::Byte(u8::try_from(number(digits.get(..2)?, 16)?).ok()?), 3)),
        // JSON within a string of JSON, RFC 8259 §7
        [b'\\', b'u', digits @ ..] => Some((character(digits.get(..4)?, 16)?, 6)),
        [b'\\', byte @ (b'/' | b'\\' | b'"' | b'\''), ..] => Some((Said::Byte(*byte), 2)),
        [b'&', ..] => {
            let end = rest.iter().take(10).position(|byte| *byte == b';')?;
            Some((reference(&rest[1..end])?, end + 1))
        }
        _ => None,
    }
}

/// A character reference of HTML.
fn reference(name: &[u8]) -> Option<Said> {
    Some(match name {
        b"amp" => Said::Byte(b'&'),
        b"lt" => Said::Byte(b'<'),
        b"gt" => Said::Byte(b'>'),
        b"quot" => Said::Byte(b'"'),
        b"apos" => Said::Byte(b'\''),
        [b'#', b'x' | b'X', digits @ ..] => character(digits, 16)?,
        [b'#', digits @ ..] => character(digits, 10)?,
        _ => return None,
    })
}

fn character(digits: &[u8], radix: u32) -> Option<Said> {
    char::from_u32(number(digits, radix)?).map(Said::Character)
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let digits = std::str::from_utf8(digits).ok()?;
    let is_number = digits.chars().all(|digit| digit.is_digit(radix));
    is_number.then(|| u32::from_str_radix(digits, radix).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters(text: &str) -> String {
        String::from_utf8(Letters::of(text).letters).unwrap()
    }

    #[test]
    fn ha1_a_letter_is_the_same_however_it_is_escaped() {
        for text in [
            "aä/+",
            "A%C3%A4%2f%2B",
            "&#97;&#xe4;&#x2F;+",
            r"\u0061\u00e4\/+",
            "aä_-",
        ] {
            assert_eq!(letters(text), "aä/+", "{text}");
        }
        for text in ["100%", "%zz", "&", "&nosuch;", "&#;", r"\u12", r"\", "%+1", "&#+7;"] {
            assert_eq!(letters(text).len(), text.len(), "{text}");
        }
    }

    #[test]
    fn ha1_letters_know_the_bytes_that_say_them() {
        let read = Letters::of("a%2Fb&amp;c");
        assert_eq!(read.place(1..3), 1..5);
        assert_eq!(read.place(3..4), 5..10);
        assert_eq!(read.place(0..5), 0..11);
    }
}
