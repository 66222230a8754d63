//! The `auth` of a backend's entry, and its members as they are written.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::aws::{AwsRegion, AwsService, AwsSignature};
use super::azure::{AzureCredential, AzureEntra, EntraId, EntraScope};
use super::header::KeyHeader;

/// The `auth` of a backend's entry. It holds no secret: the only one is the backend's `api_key`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Auth {
    /// Nothing is shown.
    None,
    /// The key in this header.
    ApiKey { header: KeyHeader },
    /// A signature with the gateway's own credentials at AWS.
    AwsSigv4(AwsSignature),
    /// A token of an application of Entra.
    AzureEntra(AzureEntra),
}

/// The use of a backend's `api_key`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyUse {
    /// It is sent where there is one.
    Optional,
    Required,
    Refused,
}

impl Auth {
    /// The use that an entry with this `auth` makes of its key.
    pub fn key_use(auth: Option<&Self>) -> KeyUse {
        match auth {
            None => KeyUse::Optional,
            Some(Self::ApiKey { .. }) => KeyUse::Required,
            Some(Self::AzureEntra(application)) if application.credential == AzureCredential::ClientSecret => {
                KeyUse::Required
            }
            Some(Self::None | Self::AwsSigv4(_) | Self::AzureEntra(_)) => KeyUse::Refused,
        }
    }

    /// The name of the way: a key that was set for another one is not used for this one (promise 23).
    pub fn way(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ApiKey { .. } => "api_key",
            Self::AwsSigv4(_) => "aws_sigv4",
            Self::AzureEntra(application) => match application.credential {
                AzureCredential::AwsFederation => "azure_entra by federation",
                AzureCredential::ClientSecret => "azure_entra by secret",
            },
        }
    }

    /// True if it is an identity of the gateway itself, which requests of clients show, and no checks (promise 93).
    pub fn is_identity(&self) -> bool {
        match self {
            Self::None | Self::ApiKey { .. } => false,
            Self::AwsSigv4(_) | Self::AzureEntra(_) => true,
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
    region: Option<AwsRegion>,
    service: Option<AwsService>,
    tenant_id: Option<EntraId>,
    client_id: Option<EntraId>,
    credential: Option<AzureCredential>,
    scope: Option<EntraScope>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    None,
    ApiKey,
    AwsSigv4,
    AzureEntra,
}

impl Members {
    fn into_auth<E: Error>(mut self) -> Result<Auth, E> {
        let (auth, members): (_, &'static [&'static str]) = match self.kind {
            Kind::None => (Auth::None, &[]),
            Kind::ApiKey => {
                let header = self.header.take().ok_or_else(|| E::missing_field("header"))?;
                (Auth::ApiKey { header }, &["header"])
            }
            Kind::AwsSigv4 => {
                let signature = AwsSignature {
                    region: self.region.take(),
                    service: self.service.take(),
                };
                (Auth::AwsSigv4(signature), &["region", "service"])
            }
            Kind::AzureEntra => {
                let application = AzureEntra {
                    tenant_id: self.tenant_id.take().ok_or_else(|| E::missing_field("tenant_id"))?,
                    client_id: self.client_id.take().ok_or_else(|| E::missing_field("client_id"))?,
                    credential: self.credential.take().ok_or_else(|| E::missing_field("credential"))?,
                    scope: self.scope.take(),
                };
                let members = &["tenant_id", "client_id", "credential", "scope"];
                (Auth::AzureEntra(application), members)
            }
        };
        match self.left() {
            Some(name) => Err(E::unknown_field(name, members)),
            None => Ok(auth),
        }
    }

    /// A member that the type has not taken.
    fn left(&self) -> Option<&'static str> {
        let given = [
            ("header", self.header.is_some()),
            ("region", self.region.is_some()),
            ("service", self.service.is_some()),
            ("tenant_id", self.tenant_id.is_some()),
            ("client_id", self.client_id.is_some()),
            ("credential", self.credential.is_some()),
            ("scope", self.scope.is_some()),
        ];
        given.into_iter().find(|(_, given)| *given).map(|(name, _)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_auth_is_written_as_it_was_read() {
        for text in [
            r#"{"type":"none"}"#,
            r#"{"type":"api_key","header":"api-key"}"#,
            r#"{"type":"aws_sigv4"}"#,
            r#"{"type":"azure_entra","tenant_id":"t","client_id":"c","credential":"aws_federation"}"#,
            r#"{"type":"aws_sigv4","region":"eu-central-1","service":"bedrock-mantle"}"#,
        ] {
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
            (
                r#"{"type":"api_key","header":"a","region":"eu-central-1"}"#,
                "unknown field `region`",
            ),
            (r#"{"type":"aws_sigv4","region":"moon"}"#, "must be a region"),
            (r#"{"type":"aws_sigv4","service":"sts"}"#, "unknown variant `sts`"),
            (
                r#"{"type":"aws_sigv4","service":"dynamodb"}"#,
                "unknown variant `dynamodb`",
            ),
            (r#"{"type":"none","colour":1}"#, "unknown field `colour`"),
        ] {
            let error = serde_json::from_str::<Auth>(text).unwrap_err().to_string();
            assert!(error.starts_with(problem), "{text}: {error}");
        }
    }
}
