//! The secrets of a call, found in a backend's words however they are written there (HA1).

use std::collections::HashSet;
use std::fmt::{self, Write as _};
use std::ops::Range;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::letters::Letters;

/// The number of letters in a row that give a credential away: servers shorten what they show to its beginning or its
/// end.
const RUN: usize = 12;
/// The start of every API key that the gateway issues.
pub(super) const OWN_KEY_PREFIX: &str = "sk-tg-";
/// A shorter value is no secret, and would be found in words that have nothing to do with it.
const SHORTEST: usize = 4;
/// A shorter value is looked for as it is alone: its letters in base64 or in hexadecimal might be a word's.
const SHORTEST_ENCODED: usize = 8;

/// The values that must not leave with a backend's words: its key and the tokens that stand for it, the values of its
/// configured headers, its address. Clones share them.
#[derive(Clone, Default)]
pub struct Secrets(Arc<Known>);

#[derive(Clone, Default)]
struct Known {
    /// Found where all of it is there.
    values: Vec<Vec<u8>>,
    /// Each run of letters of a credential.
    runs: HashSet<[u8; RUN]>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

impl Secrets {
    /// Values that are hidden where all of one is told, such as a host.
    pub fn new<'s>(values: impl IntoIterator<Item = &'s str>) -> Self {
        let values = values.into_iter().flat_map(spellings).collect();
        Self(Arc::new(Known {
            values,
            ..Known::default()
        }))
    }

    /// These and a credential, of which no part is told that has 12 letters.
    #[must_use]
    pub fn and_credential(mut self, credential: &str) -> Self {
        let known = Arc::make_mut(&mut self.0);
        for spelling in spellings(credential) {
            if spelling.len() < RUN {
                known.values.push(spelling);
            } else {
                known.runs.extend(spelling.windows(RUN).filter_map(run));
            }
        }
        self
    }

    /// True if the text tells a secret.
    pub fn are_in(&self, text: &str) -> bool {
        text.contains(OWN_KEY_PREFIX) || self.in_letters(&Letters::of(text).letters).next().is_some()
    }

    /// The bytes of the text that tell a secret.
    pub(super) fn places(&self, text: &str) -> Vec<Range<usize>> {
        let read = Letters::of(text);
        self.in_letters(&read.letters)
            .map(|letters| read.place(letters))
            .collect()
    }

    fn in_letters<'t>(&'t self, letters: &'t [u8]) -> impl Iterator<Item = Range<usize>> + 't {
        let values = self.0.values.iter().flat_map(move |value| {
            let parts = letters.windows(value.len()).enumerate();
            parts
                .filter(move |(_, part)| part == value)
                .map(|(start, part)| start..start + part.len())
        });
        let parts = letters.windows(RUN).enumerate();
        let told = parts.filter(|(_, part)| run(part).is_some_and(|part| self.0.runs.contains(&part)));
        values.chain(told.map(|(start, _)| start..start + RUN))
    }
}

fn run(letters: &[u8]) -> Option<[u8; RUN]> {
    letters.try_into().ok()
}

/// The letters of a secret as it may be written: plain, in base64 wherever it begins there, in hexadecimal.
fn spellings(secret: &str) -> Vec<Vec<u8>> {
    let secret = secret.trim();
    let bare = secret.strip_prefix("Bearer ").unwrap_or(secret);
    if bare.len() < SHORTEST {
        return Vec::new();
    }
    let mut spellings = vec![bare.to_owned()];
    if bare.len() >= SHORTEST_ENCODED {
        spellings.extend((0..3).map(|lead| in_base64(bare, lead)));
        spellings.push(in_hexadecimal(bare));
    }
    spellings.iter().map(|spelling| Letters::of(spelling).letters).collect()
}

fn in_hexadecimal(text: &str) -> String {
    text.bytes().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

/// The letters of base64 that say a text alone, `lead` bytes of something else before it: of `user:key`, as HTTP's
/// scheme `Basic` has it, those of the key.
fn in_base64(text: &str, lead: usize) -> String {
    let bytes: Vec<u8> = std::iter::repeat_n(0, lead).chain(text.bytes()).collect();
    let encoded = STANDARD_NO_PAD.encode(&bytes);
    encoded[(lead * 8).div_ceil(6)..bytes.len() * 8 / 6].to_owned()
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};

    use super::*;

    const KEY: &str = "sk-live/7Q+r9=Lm2_Xw4ZkT";

    fn secrets() -> Secrets {
        Secrets::new(["gpu-3.internal", "Bearer h-value-7", "", "ab"]).and_credential(KEY)
    }

    #[test]
    fn ha1_a_credential_is_found_however_it_is_written() {
        for lead in ["", "u:", "user:", "Bearer "] {
            for encoded in [
                STANDARD.encode(format!("{lead}{KEY}")),
                URL_SAFE.encode(format!("{lead}{KEY}")),
            ] {
                assert!(secrets().are_in(&encoded), "{lead}{KEY} as {encoded}");
            }
        }
        let hexadecimal = in_hexadecimal(KEY).to_uppercase();
        for text in [
            &hexadecimal,
            "sk-live%2F7Q+r9%3dLm2_Xw4ZkT",
            "sk-live&#47;7Q&#x2b;r9=Lm2_Xw4ZkT",
            r"sk-live\/7Q+r9",
        ] {
            assert!(secrets().are_in(text), "{text}");
        }
    }

    #[test]
    fn ha1_no_long_part_of_a_credential_is_told() {
        for part in KEY.as_bytes().windows(RUN) {
            let part = std::str::from_utf8(part).unwrap();
            assert!(secrets().are_in(&format!("key {part}******")), "{part}");
            assert!(!secrets().are_in(&part[1..]), "{part}");
        }
    }

    #[test]
    fn ha1_a_host_is_found_as_a_whole() {
        assert!(secrets().are_in("no route to GPU-3.internal:8000"));
        assert!(secrets().are_in("h-value-7"));
        assert!(!secrets().are_in("gpu-3.interna and ab"));
    }

    #[test]
    fn p24_secrets_are_not_shown() {
        assert_eq!(format!("{:?}", secrets()), "Secrets");
    }
}
