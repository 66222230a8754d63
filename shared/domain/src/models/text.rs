//! Names and ids: texts that can only be built well formed (promise 28).

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

/// Why a text is not a name or an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    #[error("must have 1 to 128 characters")]
    Length,
    #[error("must not begin or end with a blank")]
    Blank,
    #[error("must not contain control or bidirectional-override characters")]
    Control,
    #[error("must match [A-Za-z0-9][A-Za-z0-9._:-]{{0,127}}")]
    Id,
    #[error("may only contain printable characters without blanks")]
    ModelName,
    #[error("may only contain letters, digits and . _ : - *")]
    ModelGlob,
}

/// Makes a text type that checks itself when it is built or deserialised. Clones share the text: a request has a dozen
/// of them.
macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The text as this type, if it has its form.
            pub fn parse(text: impl Into<String>) -> Result<Self, TextError> {
                let text = text.into();
                $check(&text)?;
                Ok(Self(text.into()))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = TextError;

            fn try_from(text: String) -> Result<Self, TextError> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0.as_ref().to_owned()
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        /// Lets maps be searched by a `&str`.
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

checked_text!(
    /// A user's id: opaque, made by the server.
    UserId,
    check_id
);
checked_text!(
    /// An API key's id: opaque, made by the server; not the key.
    KeyId,
    check_id
);
checked_text!(
    /// A model's id, chosen by an administrator: `kimi2.5`.
    ModelId,
    check_id
);
checked_text!(
    /// A backend's id, chosen by an administrator or made by the server.
    BackendId,
    check_id
);
checked_text!(
    /// The id of a secret among all that its owner ever had: made by the server.
    SecretId,
    check_id
);
checked_text!(
    /// The id of a top-up of a limit: made by the server.
    TopUpId,
    check_id
);
checked_text!(
    /// A sign-in's id: opaque, made by the server.
    SignInId,
    check_id
);
checked_text!(
    /// The id of a rule for workloads, chosen by an administrator.
    WorkloadId,
    check_id
);
checked_text!(
    /// A quota policy's name, which is its key.
    PolicyName,
    check_id
);
checked_text!(
    /// The id of one exchange in usage records: made by the server, sortable by time. A client may send the id of its
    /// request twice; this one is always new.
    UsageId,
    check_id
);
checked_text!(
    /// The id of one request in responses and logs: ours, or the client's where it has this form (promise 25).
    RequestId,
    check_request_id
);
checked_text!(
    /// A name for people: any characters that cannot mislead the eye.
    DisplayName,
    check_display
);
checked_text!(
    /// A name or glob by which clients request a model: `zai-org/glm-4.7`, `claude-*`.
    ModelName,
    check_model_name
);
checked_text!(
    /// A model's id, or a glob over ids: `glm*`.
    ModelGlob,
    check_model_glob
);

/// Ids that the server makes: each is new, and they sort by time.
macro_rules! made_by_server {
    ($($name:ident),+) => {
        $(impl $name {
            pub fn generate() -> Self {
                Self(crate::random::sortable_id().into())
            }
        })+
    };
}

made_by_server!(UserId, KeyId, BackendId, TopUpId, SecretId, SignInId);

impl RequestId {
    /// A new id, sortable by time.
    pub fn generate() -> Self {
        let mut id = crate::random::sortable_id();
        id.insert_str(0, "req_");
        Self(id.into())
    }

    /// True if `text` could be one.
    pub fn has_form(text: &str) -> bool {
        check_request_id(text).is_ok()
    }
}

impl Default for PolicyName {
    /// The policy that always exists.
    fn default() -> Self {
        Self("default".into())
    }
}

/// Usage has a sign-in in the place of a key.
impl From<SignInId> for KeyId {
    fn from(id: SignInId) -> Self {
        Self(id.0)
    }
}

impl DisplayName {
    /// A name of ours, which has the form of names.
    pub(crate) fn ours(name: &'static str) -> Self {
        Self(name.into())
    }
}

impl UsageId {
    /// A new id for what begins at `at`.
    pub fn generate(at: Timestamp) -> Self {
        Self(crate::random::sortable_id_at(at).into())
    }
}

fn check_length(text: &str) -> Result<(), TextError> {
    if text.is_empty() || text.chars().count() > 128 {
        Err(TextError::Length)
    } else {
        Ok(())
    }
}

fn check_id(text: &str) -> Result<(), TextError> {
    let mut bytes = text.bytes();
    let first = bytes.next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    let rest = bytes.all(|byte| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte));
    let is_id = first && rest && text.len() <= 128;
    is_id.then_some(()).ok_or(TextError::Id)
}

fn check_model_name(text: &str) -> Result<(), TextError> {
    check_length(text)?;
    if text
        .chars()
        .any(|character| character.is_whitespace() || misleads(character))
    {
        Err(TextError::ModelName)
    } else {
        Ok(())
    }
}

fn check_model_glob(text: &str) -> Result<(), TextError> {
    check_length(text)?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-*".contains(&byte);
    if text.bytes().all(allowed) {
        Ok(())
    } else {
        Err(TextError::ModelGlob)
    }
}

fn check_request_id(text: &str) -> Result<(), TextError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
        Ok(())
    } else {
        Err(TextError::Id)
    }
}

fn check_display(text: &str) -> Result<(), TextError> {
    check_length(text)?;
    if text.trim() != text {
        return Err(TextError::Blank);
    }
    if text.chars().any(misleads) {
        Err(TextError::Control)
    } else {
        Ok(())
    }
}

/// Control characters and the bidirectional overrides and isolates of Unicode's UAX #9.
fn misleads(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Characters that nobody sees, or that turn the order of others: those that Unicode has renderers ignore
/// (`Default_Ignorable_Code_Point`), the marks of UAX #9 among them.
pub(super) fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{AD}'
            | '\u{34F}'
            | '\u{61C}'
            | '\u{115F}'..='\u{1160}'
            | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}'
            | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p28_ids_have_their_form() {
        for good in ["kimi2.5", "a", "GLM-4.7:thinking", "0_x"] {
            assert!(ModelId::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "a b", "a/b", "ü", "a*", &"a".repeat(129)] {
            assert!(ModelId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn p28_aliases_may_hold_slashes_and_stars() {
        assert!(ModelName::parse("zai-org/glm-4.7").is_ok());
        assert!(ModelName::parse("claude-*haiku*").is_ok());
        assert!(ModelName::parse("a b").is_err());
    }

    #[test]
    fn b10_3_aliases_may_hold_any_printable_character() {
        for good in ["claude-opus-4-8[1m]", "模型@v2", "a+b=c"] {
            assert!(ModelName::parse(good).is_ok(), "{good}");
        }
        for bad in ["a\u{202E}b", "a\nb", "a\u{3000}b", ""] {
            assert!(ModelName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn p28_names_cannot_mislead() {
        assert!(DisplayName::parse("张三 O'Neil").is_ok());
        for (bad, why) in [
            ("", TextError::Length),
            (" a", TextError::Blank),
            ("a\u{202E}b", TextError::Control),
            ("a\nb", TextError::Control),
        ] {
            assert_eq!(DisplayName::parse(bad), Err(why));
        }
        assert_eq!(DisplayName::parse("张".repeat(129)), Err(TextError::Length));
    }

    #[test]
    fn a_malformed_text_cannot_be_deserialised() {
        assert!(serde_json::from_str::<ModelId>("\"a b\"").is_err());
        assert!(serde_json::from_str::<ModelId>("\"ab\"").is_ok());
    }
}
