//! Digests of secrets that are only ever compared: what is stored gives nobody the secret back.

use aws_lc_rs::digest::{Context, SHA256, digest};
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// SHA-256 as 64 hexadecimal digits.
pub fn sha256_hex(text: &str) -> String {
    hex(digest(&SHA256, text.as_bytes()).as_ref())
}

/// Two hexadecimal digits for each byte, in lower case.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
            // Writing to a `String` cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

/// SHA-256 in base64url, the form of PKCE's challenge (RFC 7636 §4.2).
pub fn sha256_base64url(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes()))
}

/// The beginning of the SHA-256 of several parts: a number that spreads evenly over all, and is the same in every
/// process.
#[derive(Clone)]
pub struct PartsDigest(Context);

impl PartsDigest {
    #[expect(clippy::new_without_default, reason = "a digest of nothing is of no use")]
    pub fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    /// Adds a part with its length, so that the same bytes in other parts are something else.
    pub fn add(&mut self, part: &[u8]) {
        self.0.update(&(part.len() as u64).to_le_bytes());
        self.0.update(part);
    }

    pub fn number(self) -> u64 {
        let bytes = self.0.finish();
        let first = bytes.as_ref().first_chunk();
        first.map_or(0, |first| u64::from_le_bytes(*first))
    }
}

/// HMAC-SHA-256 of `text` of `owner`, by a key that is derived of `secret` for one purpose: what is made for another
/// purpose says nothing of it.
pub(super) fn keyed(secret: &[u8], purpose: &[u8], owner: &str, text: &str) -> hmac::Tag {
    let derived = hmac::sign(&hmac::Key::new(HMAC_SHA256, secret), purpose);
    let mut context = hmac::Context::with_key(&hmac::Key::new(HMAC_SHA256, derived.as_ref()));
    for part in [owner.as_bytes(), b"\0", text.as_bytes()] {
        context.update(part);
    }
    context.sign()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_apart() {
        let number = |parts: &[&str]| {
            let mut digest = PartsDigest::new();
            for part in parts {
                digest.add(part.as_bytes());
            }
            digest.number()
        };
        assert_eq!(number(&["ab", "c"]), number(&["ab", "c"]));
        assert_ne!(number(&["ab", "c"]), number(&["a", "bc"]));
    }

    #[test]
    fn digests_are_those_of_the_standards() {
        assert_eq!(
            sha256_hex("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        // RFC 7636, appendix B.
        assert_eq!(
            sha256_base64url("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}
