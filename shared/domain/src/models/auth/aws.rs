//! The parts of AWS that an entry may name: only those that a signature for a model needs.

use serde::{Deserialize, Serialize};

/// How requests to AWS are signed, where it is not as the backend's address says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AwsSignature {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<AwsRegion>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<AwsService>,
    /// The role that signs, if not the gateway's own.
    #[serde(flatten)]
    pub role: Option<AwsRole>,
}

/// A short-term key of Bedrock, made by a signature.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BedrockToken {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<AwsRegion>,
    #[serde(flatten)]
    pub role: Option<AwsRole>,
}

/// A role, often of another account, that the gateway's own one assumes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct AwsRole {
    pub role_arn: RoleArn,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<ExternalId>,
}

/// The ARN of a role (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct RoleArn(String);

impl RoleArn {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RoleArn {
    type Error = &'static str;

    fn try_from(arn: String) -> Result<Self, Self::Error> {
        let parts: Vec<&str> = arn.split(':').collect();
        let is_role = match parts[..] {
            ["arn", partition, "iam", "", account, role] => {
                let name = role.strip_prefix("role/").unwrap_or_default();
                (partition == "aws" || partition.starts_with("aws-"))
                    && account.len() == 12
                    && account.bytes().all(|byte| byte.is_ascii_digit())
                    && (1..=576).contains(&name.len())
                    && name.bytes().all(|byte| is_name_byte(byte) || byte == b'/')
            }
            _ => false,
        };
        if is_role {
            Ok(Self(arn))
        } else {
            Err("must be the ARN of a role, such as arn:aws:iam::123456789012:role/models")
        }
    }
}

/// The id that a role of another account demands of those who assume it
/// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct ExternalId(String);

impl ExternalId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ExternalId {
    type Error = &'static str;

    fn try_from(id: String) -> Result<Self, Self::Error> {
        let is_plain = |byte: u8| is_name_byte(byte) || b":/".contains(&byte);
        if (2..=1224).contains(&id.len()) && id.bytes().all(is_plain) {
            Ok(Self(id))
        } else {
            Err("must have 2 to 1224 letters, digits or characters of _+=,.@:/-")
        }
    }
}

/// True for what names in IAM consist of.
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte)
}

/// The services that the gateway signs for, and never another: its role also has rights on its own database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AwsService {
    Bedrock,
    BedrockMantle,
    AwsExternalAnthropic,
}

impl AwsService {
    const ALL: [Self; 3] = [Self::Bedrock, Self::BedrockMantle, Self::AwsExternalAnthropic];

    /// Its name in a signature.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bedrock => "bedrock",
            Self::BedrockMantle => "bedrock-mantle",
            Self::AwsExternalAnthropic => "aws-external-anthropic",
        }
    }

    /// The one that is called at `host`.
    pub fn at(host: &str) -> Self {
        let first = host.split('.').next().unwrap_or_default();
        let named = Self::ALL.into_iter().find(|service| service.as_str() == first);
        named.unwrap_or(Self::Bedrock)
    }
}

/// The name of a region, such as `eu-central-1`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct AwsRegion(String);

impl AwsRegion {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for AwsRegion {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        let mut parts = name.split('-');
        let begins = parts
            .next()
            .is_some_and(|first| first.len() >= 2 && first.bytes().all(|byte| byte.is_ascii_lowercase()));
        let is_part = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        let rest: Vec<&str> = parts.collect();
        if begins && !rest.is_empty() && rest.iter().all(|part| is_part(part)) {
            Ok(Self(name))
        } else {
            Err("must be a region such as eu-central-1")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_have_their_form() {
        for name in ["eu-central-1", "us-gov-west-1", "eusc-de-east-1", "cn-north-1"] {
            assert_eq!(AwsRegion::try_from(name.to_owned()).unwrap().as_str(), name);
        }
        for name in [
            "",
            "eu",
            "e-central-1",
            "eu-",
            "eu--1",
            "EU-central-1",
            "eu-central-1/x",
            "eu.central-1",
            "1u-a",
        ] {
            assert!(AwsRegion::try_from(name.to_owned()).is_err(), "{name}");
        }
    }

    #[test]
    fn a_role_and_its_external_id_have_their_forms() {
        for arn in [
            "arn:aws:iam::123456789012:role/models",
            "arn:aws-cn:iam::123456789012:role/a/b_c+=,.@-",
        ] {
            assert_eq!(RoleArn::try_from(arn.to_owned()).unwrap().as_str(), arn);
        }
        for arn in [
            "",
            "models",
            "arn:aws:iam::123456789012:user/a",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam::12345678901:role/a",
            "arn:aws:iam::123456789012:role/a b",
            "arn:evil:iam::123456789012:role/a",
            "arn:aws:sts::123456789012:assumed-role/a/b",
        ] {
            assert!(RoleArn::try_from(arn.to_owned()).is_err(), "{arn}");
        }
        assert!(ExternalId::try_from("a:b/c-1".to_owned()).is_ok());
        for id in ["", "a", "a b", &"a".repeat(1225)] {
            assert!(ExternalId::try_from(id.to_owned()).is_err(), "{id}");
        }
    }

    #[test]
    fn the_service_is_the_hosts_unless_it_is_bedrock() {
        for (host, service) in [
            ("bedrock-runtime.eu-central-1.amazonaws.com", "bedrock"),
            ("bedrock-mantle.eu-central-1.api.aws", "bedrock-mantle"),
            ("aws-external-anthropic.us-east-1.api.aws", "aws-external-anthropic"),
            ("dynamodb.eu-central-1.amazonaws.com", "bedrock"),
        ] {
            assert_eq!(AwsService::at(host).as_str(), service);
        }
    }
}
