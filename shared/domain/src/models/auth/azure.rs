//! The parts of Entra that an entry may name.

use serde::{Deserialize, Serialize};

/// An application of Entra, as which the gateway calls models in Azure.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct AzureEntra {
    pub tenant_id: EntraId,
    pub client_id: EntraId,
    pub credential: AzureCredential,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<EntraScope>,
}

/// How Entra is shown who asks for the application's token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AzureCredential {
    /// By the gateway's role at AWS, which the application trusts.
    AwsFederation,
    /// By the backend's `api_key`.
    ClientSecret,
}

/// The id or the name of a tenant or of an application: a part of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct EntraId(String);

impl EntraId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for EntraId {
    type Error = &'static str;

    fn try_from(id: String) -> Result<Self, Self::Error> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        let is_dots = id.bytes().all(|byte| byte == b'.');
        if (1..=128).contains(&id.len()) && id.bytes().all(is_plain) && !is_dots {
            Ok(Self(id))
        } else {
            Err("must be the id of a tenant or of an application")
        }
    }
}

/// The scope of a token, such as `https://ai.azure.com/.default`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct EntraScope(String);

impl EntraScope {
    /// Models in Azure and Foundry.
    pub const MODELS: &'static str = "https://ai.azure.com/.default";

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for EntraScope {
    type Error = &'static str;

    fn try_from(scope: String) -> Result<Self, Self::Error> {
        if (1..=256).contains(&scope.len()) && scope.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(scope))
        } else {
            Err("must be a scope such as https://ai.azure.com/.default")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_leads_nowhere_else() {
        for id in ["72f988bf-86f1-41af-91ab-2d7cd011db47", "contoso.onmicrosoft.com", "a"] {
            assert_eq!(EntraId::try_from(id.to_owned()).unwrap().as_str(), id);
        }
        for id in [
            "",
            ".",
            "..",
            "a/b",
            "a%2fb",
            "a?b",
            "a b",
            "a#b",
            "ä",
            &"a".repeat(129),
        ] {
            assert!(EntraId::try_from(id.to_owned()).is_err(), "{id}");
        }
        for scope in ["", "a b", "a\nb", &"a".repeat(257)] {
            assert!(EntraScope::try_from(scope.to_owned()).is_err(), "{scope}");
        }
    }
}
