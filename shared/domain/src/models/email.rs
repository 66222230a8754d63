//! E-mail addresses.

use std::fmt;

use serde::{Deserialize, Serialize};

const MAX_LENGTH: usize = 254;

/// Why a text is not an e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address of at most 254 characters")]
pub struct EmailError;

/// An address as a person wrote it, without blanks around it.
///
/// Only its outline is checked: whether a mailbox exists nobody can tell from its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

impl Email {
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        let (local, domain) = text.split_once('@').ok_or(EmailError)?;
        let strange = |character: char| {
            character.is_whitespace() || character.is_control() || matches!(character, '@' | ',' | '<' | '>')
        };
        if local.is_empty() || domain.is_empty() || text.chars().count() > MAX_LENGTH {
            return Err(EmailError);
        }
        if local.contains(strange) || domain.contains(strange) {
            Err(EmailError)
        } else {
            Ok(Self(text.to_owned()))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form that is compared: one mailbox is one account, however it is written (promise 3).
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
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
}
