//! The code by which a person names a device's request (RFC 8628 §6.1).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::random;

/// No vowel, so that no word comes out, and no letter that is read as another one.
const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// 8 × log2(20) = 34.6 bits.
const LETTERS: usize = 8;

/// The code that a person types, or finds filled in: `XXXX-XXXX`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserCode([u8; LETTERS]);

impl UserCode {
    pub fn generate() -> Self {
        // 240 = 12 × 20: larger bytes would favour the first letters.
        let fair = std::iter::repeat_with(random::bytes::<32>)
            .flatten()
            .filter(|byte| *byte < 240);
        let mut letters = [0; LETTERS];
        for (letter, byte) in letters.iter_mut().zip(fair) {
            *letter = ALPHABET[usize::from(byte % 20)];
        }
        Self(letters)
    }

    /// The code as somebody has typed it: in any case, with blanks and hyphens anywhere or nowhere.
    pub fn read(typed: &str) -> Option<Self> {
        let mut letters = [0; LETTERS];
        let mut places = letters.iter_mut();
        for typed in typed
            .chars()
            .filter(|typed| !typed.is_whitespace() && !is_hyphen(*typed))
        {
            let letter = u8::try_from(typed).ok()?.to_ascii_uppercase();
            *places.next().filter(|_| ALPHABET.contains(&letter))? = letter;
        }
        places.next().is_none().then_some(Self(letters))
    }
}

/// The hyphen, those that a word processor makes of it, and the underscore.
fn is_hyphen(typed: char) -> bool {
    matches!(typed, '-' | '_' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, letter) in self.0.iter().enumerate() {
            let hyphen = if place == LETTERS / 2 { "-" } else { "" };
            write!(f, "{hyphen}{}", char::from(*letter))?;
        }
        Ok(())
    }
}

impl From<UserCode> for String {
    fn from(code: UserCode) -> Self {
        code.to_string()
    }
}

impl TryFrom<String> for UserCode {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::read(&text).ok_or("must be eight letters")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v9_a_code_is_read_in_any_case_and_spacing() {
        let code = UserCode::generate();
        let shown = code.to_string();
        assert_eq!((shown.len(), shown.as_bytes()[4]), (9, b'-'));
        let bare = shown.replace('-', "");
        let spaced: String = bare.chars().flat_map(|letter| [letter, ' ']).collect();
        for typed in [
            shown.clone(),
            bare.clone(),
            shown.to_lowercase(),
            spaced,
            format!("\t{} \u{2013} {}\n", &bare[..4], &bare[4..]),
        ] {
            assert_eq!(UserCode::read(&typed), Some(code.clone()), "{typed:?}");
        }
        for wrong in [
            "",
            "BCDF",
            "BCDF-GHJ",
            "BCDF-GHJKL",
            "ACDF-GHJK",
            "BCDF-GHJ1",
            "BCDF/GHJK",
            "ßCDF-GHJK",
        ] {
            assert_eq!(UserCode::read(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn codes_use_the_whole_alphabet_and_differ() {
        let letters: String = (0..200).map(|_| UserCode::generate().to_string()).collect();
        assert!(ALPHABET.iter().all(|letter| letters.contains(char::from(*letter))));
        assert!(letters.bytes().all(|byte| byte == b'-' || ALPHABET.contains(&byte)));
        assert_ne!(UserCode::generate(), UserCode::generate());
    }
}
