//! The challenge of a program, which proves later that a code is its own (RFC 7636 §4.2), by `S256` alone.

use serde::{Deserialize, Serialize};

/// A SHA-256 in base64url.
const CHALLENGE: usize = 43;

/// The digest of a secret that its maker shows when it redeems the code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Challenge(String);

impl Challenge {
    /// `text`, if it can be such a digest.
    pub fn parse(text: &str) -> Option<Self> {
        let formed = text.len() == CHALLENGE
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        formed.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Challenge> for String {
    fn from(challenge: Challenge) -> Self {
        challenge.0
    }
}

impl TryFrom<String> for Challenge {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("must be a SHA-256 in base64url")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c1_a_plain_challenge_is_none() {
        let padded = format!("{}=", "a".repeat(42));
        for wrong in ["", "short", &"a".repeat(42), &"a".repeat(44), &padded] {
            assert_eq!(Challenge::parse(wrong), None, "{wrong}");
        }
        assert!(Challenge::parse(&"a".repeat(43)).is_some());
    }
}
