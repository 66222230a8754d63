//! The requests of workloads: RFC 7523 as JSON, as Anthropic's SDKs send it, and RFC 8693 and 7523 as forms.

use domain::models::{UserId, WorkloadId};
use serde::Deserialize;

use crate::oauth::error::OAuthError;
use crate::oauth::form::Form;

/// RFC 7523 §2.1.
pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// RFC 8693 §2.1.
pub(crate) const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// Types of tokens whose form is a JWT (RFC 8693 §3).
const TYPES: [&str; 2] = [
    "urn:ietf:params:oauth:token-type:jwt",
    "urn:ietf:params:oauth:token-type:id_token",
];

/// An identity token, and what is said beside it.
#[derive(Debug)]
pub(crate) struct Assertion {
    pub(super) token: String,
    /// The rule that is to let it in; without one, exactly one must.
    pub(super) rule: Option<WorkloadId>,
    /// The service account that the sender expects the rule to have.
    pub(super) service_account: Option<UserId>,
    /// True if the response has to say what kind of token it gives (RFC 8693).
    pub(super) is_exchange: bool,
}

/// The body of `POST /v1/oauth/token`. What else SDKs send, such as the organisation, is of no use here.
#[derive(Deserialize)]
struct Json {
    grant_type: Option<String>,
    assertion: Option<String>,
    federation_rule_id: Option<String>,
    service_account_id: Option<String>,
}

impl Assertion {
    pub(super) fn of_json(body: &[u8]) -> Result<Self, OAuthError> {
        let json: Json = serde_json::from_slice(body)
            .map_err(|_| OAuthError::InvalidRequest("the body is no JSON object of texts"))?;
        match json.grant_type.as_deref() {
            Some(JWT_BEARER) => {}
            Some(_) => return Err(OAuthError::UnsupportedGrantType),
            None => return Err(OAuthError::InvalidRequest("grant_type is missing")),
        }
        let token = json
            .assertion
            .ok_or(OAuthError::InvalidRequest("assertion is missing"))?;
        Self::new(
            token,
            json.federation_rule_id.as_deref(),
            json.service_account_id.as_deref(),
            false,
        )
    }

    /// The assertion in a form with the grant type [`JWT_BEARER`].
    pub(crate) fn of_bearer(form: &Form) -> Result<Self, OAuthError> {
        let token = form.required("assertion", "assertion is missing")?;
        let (rule, account) = (form.get("federation_rule_id"), form.get("service_account_id"));
        Self::new(token.to_owned(), rule, account, false)
    }

    /// The assertion in a form with the grant type [`TOKEN_EXCHANGE`].
    pub(crate) fn of_exchange(form: &Form) -> Result<Self, OAuthError> {
        let token = form.required("subject_token", "subject_token is missing")?;
        let kind = form.required("subject_token_type", "subject_token_type is missing")?;
        if !TYPES.contains(&kind) {
            return Err(OAuthError::InvalidRequest(
                "subject_token_type must be that of a JWT or an ID token",
            ));
        }
        Self::new(token.to_owned(), form.get("identity_provider_id"), None, true)
    }

    /// Ids that cannot be ones name nothing, which is refused like any other that names nothing.
    fn new(token: String, rule: Option<&str>, account: Option<&str>, is_exchange: bool) -> Result<Self, OAuthError> {
        let no_grant = |_| OAuthError::InvalidGrant;
        Ok(Self {
            token,
            rule: rule.map(WorkloadId::parse).transpose().map_err(no_grant)?,
            service_account: account.map(UserId::parse).transpose().map_err(no_grant)?,
            is_exchange,
        })
    }
}
