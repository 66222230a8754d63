//! The `auth` of a backend's entry.

use serde::Serialize;

use super::aws::{AwsSignature, BedrockToken};
use super::azure::{AzureCredential, AzureEntra};
use super::federation::{AnthropicFederation, OpenAiFederation};
use super::gcp::GcpCredential;
use super::header::KeyHeader;

/// The `auth` of a backend's entry. It holds no secret: the only one is the backend's `api_key`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Auth {
    /// Nothing is shown.
    None,
    /// The key in this header.
    ApiKey {
        header: KeyHeader,
    },
    /// A signature with the gateway's own credentials at AWS, or a role's that it assumes.
    AwsSigv4(AwsSignature),
    /// A key of Bedrock that such a signature has made.
    BedrockToken(BedrockToken),
    /// A token of an application of Entra.
    AzureEntra(AzureEntra),
    /// A token of Google Cloud.
    Gcp(GcpCredential),
    OpenaiFederation(OpenAiFederation),
    AnthropicFederation(AnthropicFederation),
}

/// The use of a backend's `api_key`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyUse {
    /// It is sent where there is one.
    Optional,
    Required,
    /// It is the file with the key of a service account at Google.
    RequiredFile,
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
            Some(Self::Gcp(GcpCredential::ServiceAccountKey)) => KeyUse::RequiredFile,
            Some(_) => KeyUse::Refused,
        }
    }

    /// The name of the way: a key that was set for another one is not used for this one (promise 23).
    pub fn way(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ApiKey { .. } => "api_key",
            Self::AwsSigv4(_) => "aws_sigv4",
            Self::BedrockToken(_) => "bedrock_token",
            Self::AzureEntra(application) => match application.credential {
                AzureCredential::AwsFederation => "azure_entra by federation",
                AzureCredential::ClientSecret => "azure_entra by secret",
            },
            Self::Gcp(GcpCredential::AwsFederation { .. }) => "gcp by federation",
            Self::Gcp(GcpCredential::ServiceAccountKey) => "gcp by key",
            Self::OpenaiFederation(_) => "openai_federation",
            Self::AnthropicFederation(_) => "anthropic_federation",
        }
    }

    /// True if it is an identity of the gateway itself, which requests of clients show, and no checks (promise 93).
    pub fn is_identity(&self) -> bool {
        !matches!(self, Self::None | Self::ApiKey { .. })
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
            r#"{"type":"aws_sigv4","role_arn":"arn:aws:iam::123456789012:role/models","external_id":"x1"}"#,
            r#"{"type":"bedrock_token"}"#,
            r#"{"type":"bedrock_token","region":"eu-central-1","role_arn":"arn:aws:iam::123456789012:role/models"}"#,
            r#"{"type":"gcp","credential":"service_account_key"}"#,
            r#"{"type":"gcp","credential":"aws_federation","audience":"//iam.googleapis.com/projects/1/x"}"#,
            r#"{"type":"gcp","credential":"aws_federation","audience":"//iam.googleapis.com/projects/1/x","service_account":"a@b.iam"}"#,
            r#"{"type":"openai_federation","identity_provider_id":"idp_1","service_account_id":"sa_1"}"#,
            r#"{"type":"anthropic_federation","federation_rule_id":"r","organization_id":"o"}"#,
            r#"{"type":"anthropic_federation","federation_rule_id":"r","organization_id":"o","service_account_id":"s","workspace_id":"w"}"#,
        ] {
            let auth: Auth = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&auth).unwrap(), text);
        }
    }

    fn assert_refused(text: &str, problem: &str) {
        let error = serde_json::from_str::<Auth>(text).unwrap_err().to_string();
        assert!(error.starts_with(problem), "{text}: {error}");
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
            assert_refused(text, problem);
        }
    }

    #[test]
    fn p28_clouds_have_members_of_their_own() {
        for (text, problem) in [
            (r#"{"type":"aws_sigv4","external_id":"x1"}"#, "missing field `role_arn`"),
            (
                r#"{"type":"aws_sigv4","role_arn":"models"}"#,
                "must be the ARN of a role",
            ),
            (
                r#"{"type":"bedrock_token","service":"bedrock"}"#,
                "unknown field `service`",
            ),
            (r#"{"type":"gcp"}"#, "missing field `credential`"),
            (
                r#"{"type":"gcp","credential":"client_secret"}"#,
                "unknown variant of `credential`, expected `aws_federation` or `service_account_key`",
            ),
            (
                r#"{"type":"gcp","credential":"aws_federation"}"#,
                "missing field `audience`",
            ),
            (
                r#"{"type":"gcp","credential":"service_account_key","service_account":"a@b"}"#,
                "unknown field `service_account`",
            ),
            (
                r#"{"type":"azure_entra","tenant_id":"t","client_id":"c","credential":"service_account_key"}"#,
                "unknown variant of `credential`, expected `aws_federation` or `client_secret`",
            ),
            (
                r#"{"type":"openai_federation","service_account_id":"s"}"#,
                "missing field `identity_provider_id`",
            ),
            (
                r#"{"type":"anthropic_federation","federation_rule_id":"r"}"#,
                "missing field `organization_id`",
            ),
        ] {
            assert_refused(text, problem);
        }
    }
}
