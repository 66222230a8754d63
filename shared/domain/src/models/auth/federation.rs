//! Model vendors that let the gateway's role at AWS in, by a token that AWS makes for them.

use serde::{Deserialize, Serialize};

/// A service account at `OpenAI`, for which the role is let in by a provider of workload identities.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct OpenAiFederation {
    pub identity_provider_id: VendorId,
    pub service_account_id: VendorId,
}

/// A rule of federation at Anthropic, and as whom it lets the role in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct AnthropicFederation {
    pub federation_rule_id: VendorId,
    pub organization_id: VendorId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account_id: Option<VendorId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<VendorId>,
}

/// A vendor's id of something in its console.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct VendorId(String);

impl VendorId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for VendorId {
    type Error = &'static str;

    fn try_from(id: String) -> Result<Self, Self::Error> {
        if (1..=256).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(id))
        } else {
            Err("must be an id of 1 to 256 printable characters without blanks")
        }
    }
}
