//! E-mail addresses.

use std::fmt;

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use serde::{Deserialize, Deserializer, Serialize};

use super::text::is_invisible;

const MAX_LENGTH: usize = 254;

/// Why a text is not an e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    #[error("must be an e-mail address of at most 254 characters")]
    Form,
    #[error("must not contain invisible or bidirectional characters")]
    Invisible,
}

/// An address as a person wrote it, without blanks around it, in Unicode's form NFC: two addresses that look alike
/// because one has its accents apart are one.
///
/// Otherwise only its outline is checked: whether a mailbox exists nobody can tell from its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

impl Email {
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = ComposingNormalizerBorrowed::new_nfc().normalize(text.trim());
        let (local, domain) = text.split_once('@').ok_or(EmailError::Form)?;
        let strange = |character: char| {
            character.is_whitespace() || character.is_control() || matches!(character, '@' | ',' | '<' | '>')
        };
        let is_formed = !local.is_empty() && !domain.is_empty() && text.chars().count() <= MAX_LENGTH;
        if !is_formed || local.contains(strange) || domain.contains(strange) {
            Err(EmailError::Form)
        } else if text.contains(is_invisible) {
            Err(EmailError::Invisible)
        } else {
            Ok(Self(text.into_owned()))
        }
    }

    /// A new address that no mailbox can have (RFC 2606 §2), for an account without one.
    pub fn of_nobody() -> Self {
        Self(format!("{}@service.invalid", crate::random::sortable_id()))
    }

    /// An address of the database, whatever its form: rules that are newer than an account do not lock it.
    pub(super) fn stored<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }

    /// The same of one that may be absent.
    pub(super) fn stored_option<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        Ok(Option::<String>::deserialize(deserializer)?.map(Self))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form that is compared: one mailbox is one account, however it is written (promise 3).
    pub fn folded(&self) -> String {
        ComposingNormalizerBorrowed::new_nfc().normalize(&self.0).to_lowercase()
    }

    /// The form that an account is found by: the folded one, but that of an account from before addresses were composed
    /// has its accents as they were written.
    pub fn kept(&self) -> String {
        self.0.to_lowercase()
    }

    /// The same address with its accents apart, as an account from before addresses were composed may have it; `None`
    /// where that is no other one.
    #[must_use]
    pub fn apart(&self) -> Option<Self> {
        let apart = DecomposingNormalizerBorrowed::new_nfd().normalize(&self.0);
        (*apart != *self.0).then(|| Self(apart.into_owned()))
    }
}

impl TryFrom<String> for Email {
    type Error = EmailError;

    fn try_from(text: String) -> Result<Self, EmailError> {
        Self::parse(&text)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p28_addresses_have_their_outline() {
        for good in ["user@example.com", "张三@例子.公司", "O'Neil+tag@example.co.uk"] {
            assert!(Email::parse(good).is_ok(), "{good}");
        }
        let long = format!("{}@example.com", "a".repeat(250));
        for bad in [
            "",
            "user",
            "@example.com",
            "user@",
            "a b@example.com",
            "a@b@c",
            "a\n@example.com",
            "<a@example.com>",
            &long,
        ] {
            assert!(Email::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn p3_one_mailbox_is_one_account_however_it_is_written() {
        assert_eq!(
            Email::parse(" User@Example.COM ").unwrap().folded(),
            Email::parse("user@example.com").unwrap().folded()
        );
    }

    #[test]
    fn op4_one_mailbox_is_one_account_whatever_form_of_unicode_it_has() {
        let (composed, apart) = ("jos\u{e9}@example.com", "jose\u{301}@example.com");
        assert_eq!(Email::parse(composed), Email::parse(apart));
        assert_eq!(Email::parse(apart).unwrap().as_str(), composed);
    }

    #[test]
    fn op4_an_address_is_known_by_its_accents_apart_too() {
        let composed = Email::parse("Jos\u{c9}@example.com").unwrap();
        let apart = composed.apart().unwrap();
        assert_eq!(apart.as_str(), "JosE\u{301}@example.com");
        assert_eq!(apart.kept(), "jose\u{301}@example.com");
        assert_eq!(apart.folded(), composed.folded());
        assert_eq!(composed.folded(), composed.kept());
        assert_eq!(apart.apart(), None);
        assert_eq!(Email::parse("jose@example.com").unwrap().apart(), None);
    }

    #[test]
    fn op4_nothing_invisible_is_in_an_address() {
        for character in [
            '\u{200b}',
            '\u{200d}',
            '\u{200e}',
            '\u{202e}',
            '\u{2060}',
            '\u{2066}',
            '\u{feff}',
            '\u{ad}',
            '\u{61c}',
            '\u{34f}',
            '\u{3164}',
            '\u{fe0f}',
            '\u{e0041}',
        ] {
            let address = format!("user{character}@example.com");
            assert_eq!(
                Email::parse(&address),
                Err(EmailError::Invisible),
                "{}",
                character.escape_unicode()
            );
        }
    }

    #[test]
    fn op4_an_older_account_keeps_its_address() {
        #[derive(Deserialize)]
        struct Stored {
            #[serde(deserialize_with = "Email::stored")]
            email: Email,
            #[serde(deserialize_with = "Email::stored_option")]
            other: Option<Email>,
        }
        let json = r#"{"email": "jose\u0301\u200b@example.com", "other": null}"#;
        let stored: Stored = serde_json::from_str(json).unwrap();
        assert_eq!(stored.email.as_str(), "jose\u{301}\u{200b}@example.com");
        assert_eq!(stored.other, None);
    }
}
