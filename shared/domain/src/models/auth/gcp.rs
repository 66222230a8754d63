//! The parts of Google Cloud that an entry may name.

use serde::{Deserialize, Serialize};

/// The way in which the gateway gets a token of Google Cloud.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(tag = "credential", rename_all = "snake_case")]
pub enum GcpCredential {
    /// By the gateway's role at AWS, which a pool of workload identities trusts; then as a service account, if one is
    /// named.
    AwsFederation {
        audience: WorkloadProvider,
        #[serde(skip_serializing_if = "Option::is_none")]
        service_account: Option<ServiceAccount>,
    },
    /// By the file with a service account's key, which is the backend's `api_key`.
    ServiceAccountKey,
}

/// The resource name of a provider of workload identities, which is the audience of what it is shown:
/// `//iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/pool/providers/aws`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct WorkloadProvider(String);

impl WorkloadProvider {
    const PREFIX: &str = "//iam.googleapis.com/projects/";

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for WorkloadProvider {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
        let is_name = |rest: &str| !rest.is_empty() && rest.len() <= 480 && rest.bytes().all(is_plain);
        if name.strip_prefix(Self::PREFIX).is_some_and(is_name) {
            Ok(Self(name))
        } else {
            Err("must be the name of a workload identity provider, which begins with //iam.googleapis.com/projects/")
        }
    }
}

/// The address of a service account: a part of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct ServiceAccount(String);

impl ServiceAccount {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ServiceAccount {
    type Error = &'static str;

    fn try_from(address: String) -> Result<Self, Self::Error> {
        let is_plain = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
        };
        let parts = address.split_once('@');
        if address.len() <= 254 && parts.is_some_and(|(name, domain)| is_plain(name) && is_plain(domain)) {
            Ok(Self(address))
        } else {
            Err("must be the e-mail address of a service account")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_audience_is_a_providers_name() {
        let own = "//iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/pool/providers/aws";
        assert_eq!(WorkloadProvider::try_from(own.to_owned()).unwrap().as_str(), own);
        for wrong in [
            "",
            "//iam.googleapis.com/projects/",
            "https://evil.example/x",
            "//iam.googleapis.com/projects/a?b",
        ] {
            assert!(WorkloadProvider::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_service_account_leads_nowhere_else() {
        let own = "tidegate@my-project.iam.gserviceaccount.com";
        assert_eq!(ServiceAccount::try_from(own.to_owned()).unwrap().as_str(), own);
        for wrong in [
            "",
            "a",
            "@b",
            "a@",
            "a/../b@c",
            "a@b/c",
            "a@b:c",
            "a@b@c",
            "a b@c",
            &format!("a@{}", "b".repeat(260)),
        ] {
            assert!(ServiceAccount::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
