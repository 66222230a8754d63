//! Tokens of model vendors that let the gateway's role at AWS in: by what the role shows, a token of AWS for them. The
//! forms are those of the vendors' SDKs (`anthropic` 2.14.0, `openai` 3.57.0).

use domain::models::auth::{AnthropicFederation, OpenAiFederation, VendorId};
use domain::secret::Secret;
use http::{HeaderName, HeaderValue};
use serde_json::json;

use super::exchange::{ExchangeError, TokenRequest};

/// The audiences of what the role shows.
pub(super) const OPENAI_AUDIENCE: &str = "https://api.openai.com/v1";
pub(super) const ANTHROPIC_AUDIENCE: &str = "https://api.anthropic.com";

const OPENAI: &str = "https://auth.openai.com/oauth/token";
const ANTHROPIC: &str = "https://api.anthropic.com/v1/oauth/token";

pub(super) const BETA: HeaderName = HeaderName::from_static("anthropic-beta");
/// Without it Anthropic takes no token as a bearer's.
pub(super) const BEARER_BETA: HeaderValue = HeaderValue::from_static("oauth-2025-04-20");
const EXCHANGE_BETAS: HeaderValue = HeaderValue::from_static("oauth-2025-04-20,oidc-federation-2026-04-01");

/// The exchange (RFC 8693) of `assertion` for a token of the service account.
pub(super) fn openai(
    endpoint: Option<&str>,
    account: &OpenAiFederation,
    assertion: &Secret,
) -> Result<TokenRequest, ExchangeError> {
    let body = json!({
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": assertion.expose(),
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "identity_provider_id": account.identity_provider_id.as_str(),
        "service_account_id": account.service_account_id.as_str(),
    });
    TokenRequest::json(endpoint.unwrap_or(OPENAI), &body)
}

/// The exchange (RFC 7523) of `assertion` for a token by the rule.
pub(super) fn anthropic(
    endpoint: Option<&str>,
    rule: &AnthropicFederation,
    assertion: &Secret,
) -> Result<TokenRequest, ExchangeError> {
    let mut body = json!({
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "assertion": assertion.expose(),
        "federation_rule_id": rule.federation_rule_id.as_str(),
        "organization_id": rule.organization_id.as_str(),
    });
    for (name, id) in [
        ("service_account_id", &rule.service_account_id),
        ("workspace_id", &rule.workspace_id),
    ] {
        if let Some(id) = id.as_ref().map(VendorId::as_str) {
            body[name] = json!(id);
        }
    }
    let mut request = TokenRequest::json(endpoint.unwrap_or(ANTHROPIC), &body)?;
    request.headers.insert(BETA, EXCHANGE_BETAS);
    Ok(request)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn id(text: &str) -> VendorId {
        text.to_owned().try_into().unwrap()
    }

    fn body(request: &TokenRequest) -> Value {
        serde_json::from_slice(&request.body).unwrap()
    }

    #[test]
    fn openais_exchange_is_that_of_its_sdk() {
        let account = OpenAiFederation {
            identity_provider_id: id("idp_1"),
            service_account_id: id("sa_1"),
        };
        let request = openai(None, &account, &"a.b.c".into()).unwrap();
        assert_eq!(request.url.to_string(), "https://auth.openai.com/oauth/token");
        let expected = json!({
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token": "a.b.c",
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "identity_provider_id": "idp_1",
            "service_account_id": "sa_1",
        });
        assert_eq!(body(&request), expected);
    }

    #[test]
    fn anthropics_exchange_is_that_of_its_sdk() {
        let rule = |workspace: Option<&str>| AnthropicFederation {
            federation_rule_id: id("fdrl_1"),
            organization_id: id("org"),
            service_account_id: None,
            workspace_id: workspace.map(id),
        };
        let request = anthropic(None, &rule(None), &"a.b.c".into()).unwrap();
        assert_eq!(request.url.to_string(), "https://api.anthropic.com/v1/oauth/token");
        assert_eq!(
            request.headers["anthropic-beta"],
            "oauth-2025-04-20,oidc-federation-2026-04-01"
        );
        let mut expected = json!({
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": "a.b.c",
            "federation_rule_id": "fdrl_1", "organization_id": "org",
        });
        assert_eq!(body(&request), expected);
        expected["workspace_id"] = json!("w");
        assert_eq!(
            body(&anthropic(None, &rule(Some("w")), &"a.b.c".into()).unwrap()),
            expected
        );
    }
}
