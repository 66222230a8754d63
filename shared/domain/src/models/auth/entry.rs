//! The `auth` of a backend's entry, and its members as they are written.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::header::KeyHeader;

/// The `auth` of a backend's entry. It holds no secret: the only one is the backend's `api_key`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Auth {
    /// Nothing is shown.
    None,
    /// The key in this header.
    ApiKey { header: KeyHeader },
}

/// What becomes of a backend's `api_key`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyUse {
    /// It is sent where there is one.
    Optional,
    Required,
    Refused,
}

impl Auth {
    /// What an entry with this `auth` does with its key.
    pub fn key_use(auth: Option<&Self>) -> KeyUse {
        match auth {
            None => KeyUse::Optional,
            Some(Self::ApiKey { .. }) => KeyUse::Required,
            Some(Self::None) => KeyUse::Refused,
        }
    }

    /// What a key is for: one that was set for another way is not used for this one (promise 23).
    pub fn way(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ApiKey { .. } => "api_key",
        }
    }
}

impl<'de> Deserialize<'de> for Auth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Members::deserialize(deserializer)?.into_auth()
    }
}

/// Each member is judged by itself first, so that a refusal names it, and then whether its type has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Members {
    #[serde(rename = "type")]
    kind: Kind,
    header: Option<KeyHeader>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    None,
    ApiKey,
}

impl Members {
    fn into_auth<E: Error>(mut self) -> Result<Auth, E> {
        let (auth, members): (_, &'static [&'static str]) = match self.kind {
            Kind::None => (Auth::None, &[]),
            Kind::ApiKey => {
                let header = self.header.take().ok_or_else(|| E::missing_field("header"))?;
                (Auth::ApiKey { header }, &["header"])
            }
        };
        match self.left() {
            Some(name) => Err(E::unknown_field(name, members)),
            None => Ok(auth),
        }
    }

    /// A member that the type has not taken.
    fn left(&self) -> Option<&'static str> {
        let given = [("header", self.header.is_some())];
        given.into_iter().find(|(_, given)| *given).map(|(name, _)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_auth_is_written_as_it_was_read() {
        for text in [r#"{"type":"none"}"#, r#"{"type":"api_key","header":"api-key"}"#] {
            let auth: Auth = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&auth).unwrap(), text);
        }
    }

    #[test]
    fn p28_what_a_type_does_not_have_is_refused_by_name() {
        for (text, problem) in [
            (r#"{"header":"api-key"}"#, "missing field `type`"),
            (r#"{"type":"other"}"#, "unknown variant `other`"),
            (r#"{"type":"api_key"}"#, "missing field `header`"),
            (r#"{"type":"none","header":"api-key"}"#, "unknown field `header`"),
            (r#"{"type":"none","colour":1}"#, "unknown field `colour`"),
        ] {
            let error = serde_json::from_str::<Auth>(text).unwrap_err().to_string();
            assert!(error.starts_with(problem), "{text}: {error}");
        }
    }
}
