//! The parts of AWS that an entry may name: only those that a signature for a model needs.

use serde::{Deserialize, Serialize};

/// How requests to AWS are signed, where it is not as the backend's address says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AwsSignature {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<AwsRegion>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<AwsService>,
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
