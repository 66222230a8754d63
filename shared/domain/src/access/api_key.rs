//! The form of API keys: `sk-tg-`, 27 random characters, 6 characters of checksum (promises 16 and 17).

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use super::credential_form::CredentialForm;

/// Clients check for `sk-`.
const PREFIX: &str = "sk-tg-";
/// 160.8 bits.
const FORM: CredentialForm = CredentialForm::new(PREFIX, 27);
/// What lists show of a key: the prefix and four characters.
const SHOWN: usize = PREFIX.len() + 4;

/// The SHA-256 of a whole key or access token: under it what is known of it lies in the table and in caches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyDigest([u8; 32]);

/// A new key, shown to its owner once.
pub struct MintedKey {
    pub secret: String,
    pub digest: KeyDigest,
    /// Its beginning, by which people distinguish their keys.
    pub shown: String,
}

impl MintedKey {
    pub fn generate() -> Self {
        let secret = FORM.generate();
        Self {
            digest: KeyDigest::of_text(&secret),
            shown: secret[..SHOWN].to_owned(),
            secret,
        }
    }
}

impl fmt::Debug for MintedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MintedKey")
            .field("shown", &self.shown)
            .finish_non_exhaustive()
    }
}

impl KeyDigest {
    /// The digest of `key`, if its form and checksum are right: noise costs no look-up, and nothing is allocated.
    pub fn of(key: &str) -> Option<Self> {
        FORM.fits(key).then(|| Self::of_text(key))
    }

    pub(super) fn of_text(key: &str) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, key.as_bytes()).as_ref());
        Self(bytes)
    }
}

/// 64 hexadecimal digits.
impl fmt::Display for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl From<KeyDigest> for String {
    fn from(digest: KeyDigest) -> Self {
        digest.to_string()
    }
}

impl TryFrom<String> for KeyDigest {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const WRONG: &str = "must be 64 hexadecimal digits";
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return Err(WRONG);
        }
        for (place, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * place..2 * place + 2], 16).map_err(|_| WRONG)?;
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p16_a_key_has_its_form() {
        let key = MintedKey::generate();
        assert_eq!(key.secret.len(), 39);
        assert!(key.secret.starts_with("sk-tg-"));
        assert!(
            key.secret
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
        );
        assert_eq!(KeyDigest::of(&key.secret), Some(key.digest));
        assert_ne!(key.secret, MintedKey::generate().secret);
    }

    #[test]
    fn p16_noise_is_known_before_any_look_up() {
        let key = MintedKey::generate().secret;
        let mut typo = key.clone().into_bytes();
        typo[12] = if typo[12] == b'a' { b'b' } else { b'a' };
        for noise in [
            "",
            "sk-",
            "sk-tg-",
            &key[..38],
            &format!("{key}a"),
            &String::from_utf8(typo).unwrap(),
            &"ü".repeat(20),
        ] {
            assert_eq!(KeyDigest::of(noise), None, "{noise}");
        }
    }

    #[test]
    fn p17_a_key_shows_four_characters_and_prints_nothing_else() {
        let key = MintedKey::generate();
        assert_eq!(key.shown, key.secret[..10]);
        assert!(!format!("{key:?}").contains(&key.secret));
        assert_eq!(KeyDigest::try_from(key.digest.to_string()), Ok(key.digest));
    }
}
