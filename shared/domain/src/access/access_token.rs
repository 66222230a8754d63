//! Access tokens: `tgat-`, 43 random characters, 6 characters of checksum (promise 99). They open what API keys open,
//! until they end.

use std::fmt;

use super::api_key::KeyDigest;
use super::credential_form::CredentialForm;

/// 256 bits.
const FORM: CredentialForm = CredentialForm::new("tgat-", 43);

/// A new token, shown once to the program that asked for it.
pub struct MintedToken {
    pub secret: String,
    pub digest: KeyDigest,
}

impl MintedToken {
    pub fn generate() -> Self {
        let secret = FORM.generate();
        Self {
            digest: KeyDigest::of_text(&secret),
            secret,
        }
    }
}

impl fmt::Debug for MintedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MintedToken").finish_non_exhaustive()
    }
}

/// A credential that a program shows at `/v1`, by the digest under which it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    Key(KeyDigest),
    Token(KeyDigest),
}

impl Shown {
    /// The credential that `text` is, if its form and checksum are right: noise costs no look-up and no allocation.
    pub fn of(text: &str) -> Option<Self> {
        token_digest(text)
            .map(Self::Token)
            .or_else(|| KeyDigest::of(text).map(Self::Key))
    }
}

/// The digest of an access token, if its form and checksum are right.
pub fn token_digest(text: &str) -> Option<KeyDigest> {
    FORM.fits(text).then(|| KeyDigest::of_text(text))
}

/// True if `text` is meant to be an access token, whether or not it is one.
pub fn is_meant_as_token(text: &str) -> bool {
    FORM.begins(text)
}

#[cfg(test)]
mod tests {
    use super::super::api_key::MintedKey;
    use super::*;

    #[test]
    fn p99_a_token_has_its_form_and_prints_nothing() {
        let token = MintedToken::generate();
        assert_eq!(token.secret.len(), 54);
        assert!(token.secret.starts_with("tgat-"));
        assert!(!format!("{token:?}").contains(&token.secret));
        assert_eq!(Shown::of(&token.secret), Some(Shown::Token(token.digest)));
    }

    #[test]
    fn p99_a_key_is_no_token_and_a_token_no_key() {
        let (token, key) = (MintedToken::generate(), MintedKey::generate());
        assert_eq!(Shown::of(&key.secret), Some(Shown::Key(key.digest)));
        assert_eq!(KeyDigest::of(&token.secret), None);
        assert_eq!(token_digest(&key.secret), None);
        let cut = &token.secret[..53];
        assert!(is_meant_as_token(cut) && Shown::of(cut).is_none());
        assert!(!is_meant_as_token(&key.secret));
    }
}
